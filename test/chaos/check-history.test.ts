import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BotRun } from '../demo/bot-record.ts';
import { checkHistory } from './check-history.ts';
import { after, before, bytes, change, failover, lastOfOld, probe, write } from './example-histories.ts';
import type { History } from './history.ts';
import type { Probe } from './record-keeper.ts';
import { keyOf } from './write-log.ts';

test('a write that was lost in a failover, counted and kept, is no fault', () => {
  const verdict = checkHistory(failover({ lostBytes: bytes, lostBytesExact: true }));
  assert.deepEqual(verdict.problems, []);
  assert.deepEqual(
    [verdict.lostWrites, verdict.lostInFailovers, verdict.lostInSwitchovers, verdict.lostBytesCountedRight],
    [1, 1, 0, true],
  );
});

test('a write that was lost in a switchover is found', () => {
  const planned = failover({ kind: 'Switchover', cause: 'Requested', lostBytes: 0, lostBytesExact: true });
  const verdict = checkHistory(planned);
  assert.equal(verdict.lostInSwitchovers, 1);
  assert.match(verdict.problems.join(), /Switchover a→b .* lost 1 acknowledged writes/);
});

test('a switchover is found out by itself when no probe came through', () => {
  const planned = failover({ kind: 'Switchover', lostBytes: 0, lostBytesExact: true }, { probes: [] });
  assert.equal(checkHistory(planned).lostInSwitchovers, 1);
});

test('lost data that is in no copy is found, unless a fault took it away', () => {
  const counted = { lostBytes: bytes, lostBytesExact: true };
  const elsewhere = { copies: [{ node: 'b', path: '/copy', epoch: 2, holds: new Set([keyOf(lastOfOld)]) }] };
  const dropped = checkHistory(failover(counted, elsewhere));
  assert.match(dropped.problems.join(), /1 of them are in no copy of a/);
  const spoilt = checkHistory(
    failover(counted, { copies: [], spoilt: [{ node: 'a', from: 9_999, at: 10_050 }] }),
  );
  assert.deepEqual(spoilt.problems, []);
  assert.equal(spoilt.losses[0]?.destroyed, 1);
  const longBefore = checkHistory(
    failover(counted, { copies: [], spoilt: [{ node: 'a', from: 8_000, at: 9_000 }] }),
  );
  assert.equal(longBefore.problems.length, 1);
});

test('data that was taken away after its node was in sync again is no excuse for a copy that is missing', () => {
  const counted = { lostBytes: bytes, lostBytesExact: true };
  const late = { copies: [], spoilt: [{ node: 'a', from: 9_999, at: 550_000 }] };
  const rejoined = [{ node: 'a', at: 12_000 }];
  assert.equal(checkHistory(failover(counted, { ...late, rejoined })).problems.length, 1);
  assert.deepEqual(
    checkHistory(failover(counted, { ...late, rejoined: [{ node: 'b', at: 12_000 }] })).problems,
    [],
  );
});

test('two nodes that take writes for a minute at once are found', () => {
  const both = Array.from({ length: 1_200 }, (_, turn) => [
    write(10 + 2 * turn, 'a', 11_000 + turn * 50),
    write(11 + 2 * turn, 'b', 11_000 + turn * 50),
  ]).flat();
  const verdict = checkHistory(
    failover({ lostBytes: 0, lostBytesExact: true }, { acked: both, missing: new Set(), probes: [] }),
  );
  assert.match(verdict.problems.join(), /two nodes took writes at the same time/);
});

test('a loss that a missing probe leaves between a planned change and a failover is told as such', () => {
  const transitions = [
    change({ epoch: 2, start: 10_001, kind: 'Switchover', lostBytes: 0, lostBytesExact: true }),
    change({ epoch: 3, start: 20_000, from: 'b', to: 'a', lostBytes: 500, lostBytesExact: false }),
  ];
  const missing = new Set([keyOf(lastOfOld)]);
  const lacking = checkHistory(failover({}, { transitions, probes: [probe(3, 30_000, missing)] }));
  assert.deepEqual([lacking.unattributed, lacking.lostInFailovers], [1, 1]);
  const probes = [probe(2, 10_150, new Set()), probe(3, 30_000, missing)];
  assert.equal(checkHistory(failover({}, { transitions, probes })).unattributed, 0);
});

test('a loss is laid to the change after which it was first missing', () => {
  const history = failover(
    { kind: 'Switchover', lostBytes: 0, lostBytesExact: true },
    {
      transitions: [
        change({ epoch: 2, start: 10_001, kind: 'Switchover', lostBytes: 0, lostBytesExact: true }),
        change({ epoch: 3, start: 11_000, from: 'b', to: 'c', lostBytes: 500, lostBytesExact: false }),
      ],
      probes: [probe(2, 10_150, new Set()), probe(3, 11_150, new Set([keyOf(lastOfOld)]))],
    },
  );
  const verdict = checkHistory(history);
  assert.deepEqual([verdict.lostInSwitchovers, verdict.losses[0]?.epoch], [0, 3]);
});

test('of an old write, the one that stands for it tells by which change it was lost', () => {
  const sample = 'chaos:0:0';
  const late = (lost: boolean): Probe => ({
    ...probe(3, 80_000, new Set(lost ? [sample] : [])),
    from: 20_000,
    samples: new Set([sample]),
  });
  const transitions = [
    change({ epoch: 2, start: 10_001, lostBytes: 0, lostBytesExact: false }),
    change({ epoch: 3, start: 79_000, from: 'b', to: 'a', lostBytes: 900, lostBytesExact: false }),
  ];
  const probes = [probe(2, 10_150, new Set()), late(true)];
  assert.equal(checkHistory(failover({}, { transitions, probes })).losses[0]?.epoch, 3);
  const never = checkHistory(
    failover({}, { transitions, probes: [probe(2, 10_150, new Set()), late(false)] }),
  );
  assert.match(never.problems.join(), /without a change of primary/);
});

test('a write that vanishes without a change of primary is found', () => {
  const there = [probe(2, 10_150, new Set())];
  const verdict = checkHistory(failover({ lostBytes: bytes, lostBytesExact: true }, { probes: there }));
  assert.match(verdict.problems.join(), /1 writes are lost without a change of primary/);
});

test('writes that a node took beside the primary must be in a copy, and are counted', () => {
  const stray = write(4, 'a', 11_000);
  const around = [write(5, 'b', 10_970), write(6, 'b', 11_030), write(7, 'a', 11_050)];
  const history = (holds: ReadonlySet<string>): History =>
    failover(
      {},
      {
        acked: [before, after, stray, ...around],
        missing: new Set([keyOf(stray)]),
        copies: [{ node: 'a', path: '/copy', epoch: 2, holds }],
      },
    );
  const kept = checkHistory(history(new Set([keyOf(stray)])));
  assert.deepEqual([kept.problems, kept.lostStrays, kept.bothTookWritesMs], [[], 1, 30]);
  const dropped = checkHistory(history(new Set()));
  assert.match(dropped.problems.join(), /beside the primary are in no copy: chaos:0:4 at a/);
});

test('a bot that runs on two nodes at once is found', () => {
  const run = (node: string, start: number, last: number): BotRun => ({
    bot: 'equity-bot',
    node,
    pid: start,
    start,
    last,
    ticks: [],
    acks: [],
  });
  const none = { missing: new Set<string>() };
  const apart = checkHistory(failover({}, { ...none, botRuns: [run('a', 0, 10), run('b', 10, 20)] }));
  assert.deepEqual([apart.overlapMs, apart.problems], [0, []]);
  const both = checkHistory(failover({}, { ...none, botRuns: [run('a', 0, 15), run('b', 10, 20)] }));
  assert.equal(both.overlapMs, 5);
  assert.match(both.problems.join(), /ran twice for 5.0 ms/);
});

test('a fault that took the data away long after the write is no excuse, though its node was never seen in sync', () => {
  const late = { copies: [], spoilt: [{ node: 'a', from: 545_000, at: 550_000 }] };
  const verdict = checkHistory(failover({ lostBytes: bytes, lostBytesExact: true }, late));
  assert.match(verdict.problems.join(), /1 of them are in no copy of a/);
  assert.equal(verdict.losses[0]?.destroyed, 0);
});

test('losses that nothing lays to a planned move or to a failover are a fault of the run', () => {
  const transitions = [
    change({ epoch: 2, start: 10_001, kind: 'Switchover', lostBytes: 0, lostBytesExact: true }),
    change({ epoch: 3, start: 20_000, from: 'b', to: 'a', lostBytes: 500, lostBytesExact: false }),
  ];
  const missing = new Set([keyOf(lastOfOld)]);
  const history = (holder: string, epoch: number): History =>
    failover(
      {},
      {
        transitions,
        probes: [probe(3, 30_000, missing)],
        copies: [{ node: holder, path: '/copy', epoch, holds: missing }],
      },
    );
  assert.match(checkHistory(history('a', 3)).problems.join(), /1 of 1 lost writes may have been lost by/);
  // What the switchover made the primary had it: the failover lost it.
  const told = checkHistory(history('b', 3));
  assert.deepEqual([told.problems, told.unattributed, told.losses[0]?.epoch], [[], 0, 3]);
  assert.equal(checkHistory(history('b', 2)).unattributed, 1);
});

test('a loss to a third node, after a failover that was given up, is kept where it was taken', () => {
  const missing = new Set([keyOf(lastOfOld)]);
  // a led; c, to which a failover was begun meanwhile, is what the record of the next one says that it came from.
  const transitions = [
    change({ epoch: 1, start: 100, from: 'c', to: 'a', lostBytes: 0, lostBytesExact: false }),
    change({ epoch: 3, start: 10_001, from: 'c', to: 'b', lostBytes: 500, lostBytesExact: false }),
  ];
  const inCopyOf = (node: string): number | undefined =>
    checkHistory(
      failover(
        {},
        {
          transitions,
          probes: [probe(3, 10_150, missing)],
          copies: [{ node, path: '/copy', epoch: 3, holds: missing }],
        },
      ),
    ).losses[0]?.inCopies;
  assert.deepEqual([inCopyOf('a'), inCopyOf('c'), inCopyOf('b')], [1, 1, 0]);
});

test('what was taken before a planned move is kept where that moved it to, whoever the next record came from', () => {
  const missing = new Set([keyOf(lastOfOld)]);
  const transitions = [
    change({ epoch: 2, start: 10_001, kind: 'Switchover', lostBytes: 0, lostBytesExact: true }),
    // The failover from b to a between them was given up.
    change({ epoch: 4, start: 12_000, from: 'a', to: 'c', lostBytes: 500, lostBytesExact: false }),
  ];
  const inCopyOf = (node: string): number | undefined =>
    checkHistory(
      failover(
        {},
        {
          transitions,
          probes: [probe(2, 10_150, new Set()), probe(4, 12_150, missing)],
          copies: [{ node, path: '/copy', epoch: 4, holds: missing }],
        },
      ),
    ).losses[0]?.inCopies;
  assert.deepEqual([inCopyOf('b'), inCopyOf('a'), inCopyOf('c')], [1, 1, 0]);
});

test('a copy that no status named keeps nothing, and is told', () => {
  const untold = [{ node: 'a', path: '/untold', epoch: 2, holds: new Set([keyOf(lastOfOld)]) }];
  const counted = { lostBytes: bytes, lostBytesExact: true };
  const { problems } = checkHistory(failover(counted, { copies: [], untold }));
  assert.match(
    problems.join(),
    /in no copy of a.*1 lost writes are in a copy alone that no status named: \/untold/,
  );
  assert.deepEqual(checkHistory(failover(counted, { untold })).problems, []);
});
