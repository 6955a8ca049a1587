/** The health check that Argo CD is given, run as Argo CD runs it (Lua 5.1, base library only). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { manifestsIn } from './manifests.ts';

const key = 'resource.customizations.health.understudy.dev_FailoverGroup';
const script = manifestsIn('deploy/gitops/argo-cd/health.yaml')[0]?.data?.[key] ?? '';
const interpreter = ['lua5.1', 'lua'].find((name) => spawnSync(name, ['-v']).status === 0);
const needs =
  interpreter === undefined ? { skip: 'there is no lua5.1 here: sh deploy/bootstrap.sh lua5.1' } : {};

const literal = (value: unknown): string => {
  if (Array.isArray(value)) return `{${value.map(literal).join(', ')}}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `[${JSON.stringify(name)}] = ${literal(inner)}`)
    .join(', ')}}`;
};

function healthOf(object: object): { status: string; message: string } {
  // Argo CD opens the base library alone.
  const program = `local obj = ${literal(object)}
local print = print
for _, name in ipairs({'os', 'io', 'package', 'debug'}) do _G[name] = nil end
local function judge()
${script}
end
local seen = judge()
print(seen.status .. '\\n' .. seen.message)`;
  const ended = spawnSync(interpreter ?? '', ['-'], { input: program, encoding: 'utf8' });
  assert.equal(ended.status, 0, ended.stderr);
  const [status = '', message = ''] = ended.stdout.trim().split('\n');
  return { status, message };
}

const condition = (type: string, status: string, message = `${type} is ${status}.`) => ({
  type,
  status,
  reason: 'Because',
  message,
});
const well = {
  metadata: { generation: 3 },
  spec: { primary: 'a', paused: false },
  status: {
    observedGeneration: 3,
    conditions: [condition('Ready', 'True'), condition('FailoverReady', 'True')],
  },
};
const withStatus = (status: object) => ({ ...well, status: { ...well.status, ...status } });

const cases: readonly (readonly [string, object, string, RegExp])[] = [
  ['all is well', well, 'Healthy', /^Ready is True\.$/],
  [
    'a failover would not succeed now',
    withStatus({
      conditions: [condition('Ready', 'True'), condition('FailoverReady', 'False', 'No fence.')],
    }),
    'Healthy',
    /But: No fence\.$/,
  ],
  ['nobody has looked yet', { ...well, status: undefined }, 'Progressing', /No controller/],
  [
    'the spec is newer than the status',
    { ...well, metadata: { generation: 4 } },
    'Progressing',
    /last change/,
  ],
  [
    'a change of primary is open',
    withStatus({
      transition: { kind: 'Switchover', to: 'b', step: 'HandOver' },
      conditions: [condition('Ready', 'False', 'It waits.')],
    }),
    'Progressing',
    /^Switchover to b: HandOver\. It waits\.$/,
  ],
  ['it is paused', { ...well, spec: { primary: 'a', paused: true } }, 'Suspended', /paused/],
  [
    'it is paused and nobody has looked yet',
    { ...well, status: undefined, spec: { primary: 'a', paused: true } },
    'Suspended',
    /paused/,
  ],
  [
    'it is not ready',
    withStatus({ conditions: [condition('Ready', 'False', 'b does not follow.')] }),
    'Degraded',
    /^Because: b does not follow\.$/,
  ],
  [
    'nothing is known',
    withStatus({ conditions: [condition('Ready', 'Unknown')] }),
    'Progressing',
    /not known/,
  ],
  [
    'it is being deleted',
    { ...well, metadata: { generation: 3, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    'Progressing',
    /lets go/,
  ],
];

for (const [when, object, status, message] of cases)
  test(`Argo CD says ${status} when ${when}`, needs, () => {
    const health = healthOf(object);
    assert.equal(health.status, status);
    assert.match(health.message, message);
  });
