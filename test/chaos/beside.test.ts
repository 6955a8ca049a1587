import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkHistory } from './check-history.ts';
import { change, failover, write } from './example-histories.ts';
import type { History } from './history.ts';
import { keyOf, type WriteRecord } from './write-log.ts';

/** Both take a write every 50 ms for so long. */
const beside = (ms: number): WriteRecord[] =>
  Array.from({ length: ms / 50 }, (_, turn) => [
    write(10 + 2 * turn, 'a', 11_000 + turn * 50),
    write(11 + 2 * turn, 'b', 11_010 + turn * 50),
  ]).flat();
const nothingLost = { missing: new Set<string>(), probes: [] };

test('an old primary may take writes for the few seconds until it is demoted, and as long as a fault hides it', () => {
  const counted = { lostBytes: 0, lostBytesExact: true };
  const short = checkHistory(failover(counted, { acked: beside(4_000), ...nothingLost }));
  assert.deepEqual(short.problems, []);
  assert.ok(short.longestBothMs > 3_500);
  const long = { acked: beside(14_000), ...nothingLost };
  const frozen = { kind: 'controller frozen', from: 12_000, to: 20_000 } as const;
  assert.deepEqual(checkHistory(failover(counted, { ...long, faults: [frozen] })).problems, []);
  assert.equal(checkHistory(failover(counted, long)).problems.length, 2);
  const early = { ...frozen, from: 1_000, to: 9_000 };
  assert.equal(checkHistory(failover(counted, { ...long, faults: [early] })).problems.length, 2);
});

test('a node that took writes beside the primary for long is found though no other took any then', () => {
  const alone = beside(14_000).filter(({ node }) => node === 'a');
  const verdict = checkHistory(
    failover({ lostBytes: 0, lostBytesExact: true }, { acked: alone, ...nothingLost }),
  );
  assert.deepEqual([verdict.longestBothMs, verdict.longestBesideMs], [0, 13_950]);
  assert.match(verdict.problems.join(), /a took 280 writes beside the primary for 13950 ms/);
});

test('an old primary that takes writes after a planned move, with nothing to make it one again, is found', () => {
  const acked = beside(1_000);
  const own = new Set(acked.filter(({ node }) => node === 'a').map(keyOf));
  const history = (more: Partial<History>): History =>
    failover(
      { kind: 'Switchover', cause: 'Requested', lostBytes: 0, lostBytesExact: true },
      {
        acked,
        missing: own,
        probes: [],
        copies: [{ node: 'a', path: '/copy', epoch: 2, holds: own }],
        ...more,
      },
    );
  assert.match(checkHistory(history({})).problems.join(), /after a planned move had demoted it/);
  const restart = { kind: 'redis killed', node: 'a', from: 10_050, to: 10_900 } as const;
  assert.deepEqual(checkHistory(history({ faults: [restart] })).problems, []);
  assert.equal(checkHistory(history({ faults: [{ ...restart, node: 'b' }] })).problems.length, 1);
  assert.equal(
    checkHistory(history({ faults: [{ ...restart, from: 5_000, to: 6_000 }] })).problems.length,
    1,
  );
  // A switchover to it was given up: it led for a while, and the next record comes from it.
  const [first] = history({}).transitions;
  const back = change({ epoch: 4, start: 12_100, kind: 'Switchover', cause: 'PutBack', from: 'a', to: 'b' });
  const next = { ...back, lostBytes: 0, lostBytesExact: true };
  assert.deepEqual(
    checkHistory(history({ transitions: first === undefined ? [] : [first, next] })).problems,
    [],
  );
  // It was killed before its role was saved, and the other one took the stage again; somebody has to have asked for it.
  const { from: _nobody, ...again } = change({
    epoch: 4,
    start: 12_100,
    kind: 'Adoption',
    cause: 'PrimaryDemoted',
  });
  const taken = { ...again, to: 'b', lostBytes: 0, lostBytesExact: false };
  const transitions = first === undefined ? [] : [first, taken];
  const asked = { kind: 'switchover', from: 10_900, to: 10_905 } as const;
  assert.deepEqual(checkHistory(history({ transitions, faults: [asked] })).problems, []);
  assert.equal(checkHistory(history({ transitions })).problems.length, 1);
});
