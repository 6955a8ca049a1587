import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatProblem, parseFailoverGroup } from '../../crd/parse.ts';

/** The example of the design, as it stands there, but for the two sources that it leaves out. */
const designExample = `apiVersion: understudy.dev/v1alpha1
kind: FailoverGroup
metadata: {name: quantshift}
spec:
  primary: ct100                      # a request: edit it to switch over
  nodes:                              # 2 or more
    - name: ct100
      redis: {host: 10.92.3.27, port: 6379}
      ssh: {host: 10.92.3.27, user: root}
      fence:                          # optional, out of band: run on ANOTHER machine
        ssh: {host: 10.92.3.2, user: root}
        command: [pct, stop, "100"]
        confirm: {command: [pct, status, "100"], stdout: "status: stopped"}
    - name: ct101
      redis: {host: 10.92.3.28, port: 6379}
      ssh: {host: 10.92.3.28, user: root}
  redis:
    auth: {passwordFrom: {secret: {name: redis-auth, key: password}}}   # or {file: …} or {env: …}
    unit: redis-server.service
    config: {maxmemory: 512mb, maxmemory-policy: allkeys-lru, save: "900 1"}
  ssh: {privateKeyFrom: {file: /etc/understudy/key}, knownHostsFrom: {file: /etc/understudy/known_hosts}}
  units:
    - {name: quantshift-equity.service}
    - {name: quantshift-crypto.service}
  failover:
    mode: Automatic                   # Automatic | Manual
    unreachableAfterSeconds: 5        # silence, never proof
    stoppedGraceSeconds: 3            # a clean stop may be a restart
    maxLagBytes: 1000000              # a staler replica is not promoted
    cooldownSeconds: 300
    fencing: Required                 # Required | BestEffort
    leaseSeconds: 15                  # dead-man lease on each node; 0 turns it off
  switchover: {catchUpTimeoutSeconds: 10}
  failback: {policy: Manual, stableSeconds: 300}   # Manual | Automatic
  paused: false                       # observe and report, touch nothing
`;

function parsed(text: string, file: string) {
  const result = parseFailoverGroup(text, file);
  assert.ok(result.ok, result.ok ? '' : result.problems.map(formatProblem).join('\n'));
  return result.group;
}

test('the example of the design parses, every field of it', () => {
  const { spec, metadata } = parsed(designExample, 'DESIGN.md');
  assert.equal(metadata.name, 'quantshift');
  assert.deepEqual(spec.nodes[0], {
    name: 'ct100',
    redis: { host: '10.92.3.27', port: 6379 },
    ssh: { host: '10.92.3.27', port: 22, user: 'root' },
    fence: {
      ssh: { host: '10.92.3.2', port: 22, user: 'root' },
      command: ['pct', 'stop', '100'],
      confirm: { command: ['pct', 'status', '100'], stdout: 'status: stopped' },
    },
  });
  assert.deepEqual(spec.redis, {
    auth: { passwordFrom: { secret: { name: 'redis-auth', key: 'password' } } },
    unit: 'redis-server.service',
    config: { maxmemory: '512mb', 'maxmemory-policy': 'allkeys-lru', save: '900 1' },
  });
  assert.deepEqual(spec.units, [
    { name: 'quantshift-equity.service' },
    { name: 'quantshift-crypto.service' },
  ]);
});

test('what the example of the design writes out is the default of each field', () => {
  const least = `apiVersion: understudy.dev/v1alpha1
kind: FailoverGroup
metadata: {name: least}
spec: {primary: a, nodes: [{name: a, redis: {host: h1}}, {name: b, redis: {host: h2}}]}
`;
  const [full, { spec }] = [parsed(designExample, 'DESIGN.md').spec, parsed(least, 'least.yaml')];
  const { failover, switchover, failback, paused } = full;
  assert.deepEqual(
    { failover: spec.failover, switchover: spec.switchover, failback: spec.failback, paused: spec.paused },
    { failover, switchover, failback, paused },
  );
  assert.deepEqual(spec.redis, { unit: 'redis-server.service', config: {} });
  assert.deepEqual([spec.units, spec.nodes[1]], [[], { name: 'b', redis: { host: 'h2', port: 6379 } }]);
});

const folder = new URL('../../crd/examples/', import.meta.url);
const examples = readdirSync(folder).sort();

test('there are the examples that the documents speak of', () => {
  assert.deepEqual(examples, ['local.yaml', 'quantshift.yaml', 'three-nodes.yaml']);
});

for (const name of examples) {
  test(`the example ${name} parses`, () => {
    parsed(readFileSync(new URL(name, folder), 'utf8'), name);
  });
}
