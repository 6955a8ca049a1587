import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Analysis } from '../../reconcilers/analysis.ts';
import { analyse, analysisTable } from '../../reconcilers/analysis.ts';
import type { Evidence } from '../../reconcilers/evidence.ts';
import { propertyRuns } from '../properties/property-runs.ts';
import { simSpec } from '../world/sim-group.ts';

const policy = simSpec(['a', 'b']).failover;
const calm: Evidence = {
  port: 'primary',
  host: 'processThere',
  links: 'up',
  stale: false,
  diskFailing: false,
  downMs: 0,
};

function judge(evidence: Partial<Evidence>): Pick<Analysis, 'reason' | 'verdict' | 'fence'> {
  const { reason, verdict, fence } = analyse({ ...calm, ...evidence }, policy);
  return { reason, verdict, fence };
}

/** DESIGN.md's evidence table, row by row, with what follows at once and after the row's wait. */
const rows: readonly (readonly [string, Partial<Evidence>, string, string, string])[] = [
  ['a primary that answers is alive', {}, 'PrimaryAlive', 'alive', 'none'],
  [
    'a primary that answers is alive though its replicas lost it',
    { links: 'down' },
    'PrimaryAlive',
    'alive',
    'none',
  ],
  [
    'a crash that its host and its replicas attest is proof at once',
    { port: 'refused', host: 'crashed', links: 'down' },
    'PrimaryProcessDead',
    'dead',
    'none',
  ],
  [
    'a clean stop is waited out',
    { port: 'refused', host: 'stoppedCleanly', links: 'down', downMs: 2_999 },
    'PrimaryStopped',
    'wait',
    'none',
  ],
  [
    'a clean stop counts after the grace',
    { port: 'refused', host: 'stoppedCleanly', links: 'down', downMs: 3_000 },
    'PrimaryStopped',
    'dead',
    'none',
  ],
  [
    'a closed port and a silent host are 2 of 3, with the units unproved',
    { port: 'refused', host: 'silent', links: 'down' },
    'PrimaryProcessDead',
    'dead',
    'units',
  ],
  [
    'a process that is there and mute is waited for',
    { port: 'silent', host: 'processThere', links: 'down', downMs: 4_999 },
    'PrimaryHung',
    'wait',
    'stopRedis',
  ],
  [
    'a process that is there and mute for long is stopped',
    { port: 'silent', host: 'processThere', links: 'down', downMs: 5_000 },
    'PrimaryHung',
    'dead',
    'stopRedis',
  ],
  [
    'a host that is gone is waited for',
    { port: 'silent', host: 'silent', links: 'down', downMs: 4_999 },
    'PrimaryHostDown',
    'wait',
    'everything',
  ],
  [
    'a host that is gone for long must be fenced',
    { port: 'silent', host: 'silent', links: 'down', downMs: 5_000 },
    'PrimaryHostDown',
    'dead',
    'everything',
  ],
  [
    'a primary that its replica hears is never failed over for silence',
    { port: 'silent', host: 'silent', links: 'up', downMs: 1e9 },
    'PrimaryIsolatedFromController',
    'wait',
    'none',
  ],
  [
    'a primary that its replica heard a moment ago is looked at again',
    { port: 'refused', host: 'crashed', links: 'up', downMs: 4_999 },
    'PrimaryNotAnswering',
    'wait',
    'none',
  ],
  [
    'a restart without the replica’s data makes the replica the better copy',
    { stale: true },
    'PrimaryRestartedStale',
    'dead',
    'none',
  ],
  [
    'a loading primary is waited for',
    { port: 'loading', links: 'down', downMs: 1e9 },
    'PrimaryLoading',
    'wait',
    'none',
  ],
  [
    'a wrong password moves nothing',
    { port: 'unauthorised', links: 'down', downMs: 1e9 },
    'PrimaryUnauthorised',
    'wait',
    'none',
  ],
  ['a full disk moves nothing', { diskFailing: true }, 'PrimaryDiskFailing', 'alive', 'none'],
  [
    'without a replica that answers there is no second witness',
    { port: 'silent', host: 'silent', links: 'unknown', downMs: 1e9 },
    'PrimaryUnreachable',
    'wait',
    'none',
  ],
  [
    'a port that is closed while the process is there may be opening',
    { port: 'refused', host: 'processThere', links: 'down' },
    'PrimaryPortClosed',
    'wait',
    'stopRedis',
  ],
];

for (const [name, evidence, reason, verdict, fence] of rows)
  test(name, () => assert.deepEqual(judge(evidence), { reason, verdict, fence }));

const everyEvidence: fc.Arbitrary<Evidence> = fc.record({
  port: fc.constantFrom('primary', 'replica', 'refused', 'silent', 'loading', 'unauthorised', 'unusable'),
  host: fc.constantFrom('crashed', 'stoppedCleanly', 'processThere', 'silent', 'none'),
  links: fc.constantFrom('up', 'down', 'unknown'),
  stale: fc.boolean(),
  diskFailing: fc.boolean(),
  downMs: fc.nat({ max: 20_000 }),
});

test('every evidence has an analysis, and while a replica hears a silent primary none is ever called dead', () => {
  fc.assert(
    fc.property(everyEvidence, (evidence) => {
      const { verdict } = analyse(evidence, policy);
      if ((evidence.port === 'silent' || evidence.port === 'refused') && evidence.links === 'up')
        assert.notEqual(verdict, 'dead');
    }),
    propertyRuns(),
  );
});

test('silence alone is never proof: a mute port is called dead only with a second witness against it', () => {
  fc.assert(
    fc.property(everyEvidence, (evidence) => {
      if (evidence.port !== 'silent' && evidence.port !== 'refused') return;
      if (analyse(evidence, policy).verdict === 'dead') assert.equal(evidence.links, 'down');
    }),
    propertyRuns(),
  );
});

test('every row of the table can be reached', () => {
  const ports = ['primary', 'replica', 'refused', 'silent', 'loading', 'unauthorised', 'unusable'] as const;
  const hosts = ['crashed', 'stoppedCleanly', 'processThere', 'silent', 'none'] as const;
  const reached = new Set<string>();
  for (const port of ports)
    for (const host of hosts)
      for (const links of ['up', 'down', 'unknown'] as const)
        for (const stale of [false, true])
          for (const diskFailing of [false, true])
            for (const downMs of [0, 1e9])
              reached.add(analyse({ port, host, links, stale, diskFailing, downMs }, policy).message);
  assert.deepEqual(new Set(analysisTable.map((row) => row.message)), reached);
});
