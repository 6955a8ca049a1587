import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { History, Relation } from '../../reconcilers/replication-history.ts';
import { lostBytes, relate } from '../../reconcilers/replication-history.ts';
import { propertyRuns } from '../properties/property-runs.ts';

/** The slow, obvious twin: a data set is the list of all its bytes, each with the history that wrote it. */
interface Copy {
  readonly history: History;
  readonly bytes: readonly string[];
}

const start = (id: string): Copy => ({ history: { replicationId: id, offset: 0 }, bytes: [] });

function grow(copy: Copy, count: number): Copy {
  const { history, bytes } = copy;
  const added = Array.from(
    { length: count },
    (_, index) => `${history.replicationId}:${history.offset + index}`,
  );
  return { history: { ...history, offset: history.offset + count }, bytes: [...bytes, ...added] };
}

/** REPLICAOF NO ONE, or a restart from a snapshot: a new id that continues the old one. */
function branch(copy: Copy, id: string): Copy {
  const { replicationId, offset } = copy.history;
  return {
    history: {
      replicationId: id,
      offset,
      previousReplicationId: replicationId,
      previousEndOffset: offset + 1,
    },
    bytes: copy.bytes,
  };
}

function obviously(node: Copy, reference: Copy): Relation['kind'] {
  return node.bytes.every((byte, index) => reference.bytes[index] === byte) ? 'prefix' : 'diverged';
}

const amount = fc.nat({ max: 30 });

/** A common past, then two copies that part at different points and go on alone. */
const twoCopies = fc
  .record({
    past: amount,
    left: amount,
    right: amount,
    leftAfter: amount,
    rightAfter: amount,
    leftBranches: fc.boolean(),
    rightBranches: fc.boolean(),
  })
  .map(({ past, left, right, leftAfter, rightAfter, leftBranches, rightBranches }) => {
    // One stream: a replica holds a prefix of it, so the shorter of the two is a prefix of the longer.
    const common = grow(start('old'), past);
    const a = grow(common, left);
    const b = grow(common, Math.min(left, right));
    return [
      leftBranches ? grow(branch(a, 'left'), leftAfter) : a,
      rightBranches ? grow(branch(b, 'right'), rightAfter) : b,
    ] as const;
  });

test('replication-id arithmetic agrees with a byte-by-byte comparison of the data', () => {
  fc.assert(
    fc.property(twoCopies, ([a, b]) => {
      for (const [node, reference] of [
        [a, b],
        [b, a],
      ] as const) {
        const relation = relate(node.history, reference.history);
        assert.notEqual(relation.kind, 'unrelated');
        assert.equal(relation.kind, obviously(node, reference));
        if (relation.kind !== 'diverged') continue;
        const same = node.bytes.findIndex((byte, index) => reference.bytes[index] !== byte);
        assert.equal(relation.extraBytes, node.bytes.length - same);
      }
    }),
    propertyRuns(),
  );
});

test('histories without a shared id are unrelated', () => {
  assert.equal(
    relate({ replicationId: 'x', offset: 5 }, { replicationId: 'y', offset: 9 }).kind,
    'unrelated',
  );
});

test('an old primary that lived on tells exactly what was lost', () => {
  const lost = lostBytes(
    { replicationId: 'old', offset: 900 },
    { replicationId: 'new', offset: 1200, previousReplicationId: 'old', previousEndOffset: 1001 },
    { replicationId: 'old', offset: 1300 },
  );
  assert.deepEqual(lost, { bytes: 300, exact: true });
});

test('of an old primary that died, what it was last seen with is a lower bound', () => {
  const lost = lostBytes(
    { replicationId: 'old', offset: 1010 },
    { replicationId: 'new', offset: 1000, previousReplicationId: 'old', previousEndOffset: 1001 },
  );
  assert.deepEqual(lost, { bytes: 10, exact: false });
});

test('what its append-only file grew since it was last seen is counted, and a rewritten file is not', () => {
  const current = {
    replicationId: 'new',
    offset: 1000,
    previousReplicationId: 'old',
    previousEndOffset: 1001,
  };
  const returned = { replicationId: 'again', offset: 0 };
  const count = (aofBytes: number) =>
    lostBytes({ replicationId: 'old', offset: 990, aofBytes: 500 }, current, { ...returned, aofBytes }).bytes;
  assert.equal(count(700), 190);
  assert.equal(count(400), 0);
});
