import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkQueue } from '../../controller/work-queue.ts';

interface Bench {
  readonly queue: WorkQueue;
  readonly begun: string[];
  /** Lets the work under way on a key end. */
  finish(key: string): void;
  /** Resolves when so many pieces of work have begun. */
  started(count: number): Promise<void>;
}

function bench(): Bench {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const waits: { count: number; resolve: () => void }[] = [];
  const queue = new WorkQueue((key) => {
    begun.push(key);
    for (const wait of waits) if (begun.length >= wait.count) wait.resolve();
    return new Promise((resolve) => ends.set(key, resolve));
  });
  return {
    queue,
    begun,
    finish: (key) => ends.get(key)?.(),
    started: (count) =>
      new Promise((resolve) => (begun.length >= count ? resolve() : waits.push({ count, resolve }))),
  };
}

test('a key is worked on by one worker at a time, and once more when it was added meanwhile', async () => {
  const { queue, begun, finish, started } = bench();
  queue.add('a');
  await started(1);
  queue.add('a');
  queue.add('a');
  assert.deepEqual(begun, ['a']);
  finish('a');
  await started(2);
  finish('a');
  await queue.close();
  assert.deepEqual(begun, ['a', 'a']);
});

test('different keys do not wait for each other', async () => {
  const { queue, begun, finish, started } = bench();
  queue.add('a');
  queue.add('b');
  await started(2);
  assert.deepEqual(begun, ['a', 'b']);
  finish('a');
  finish('b');
  await queue.close();
});

test('of two appointments of one key the earlier counts, and work at once takes the place of both', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { queue, begun, finish, started } = bench();
  queue.addAfter('a', 50);
  queue.addAfter('a', 5_000);
  t.mock.timers.tick(50);
  await started(1);
  finish('a');
  await new Promise((resolve) => setImmediate(resolve));
  queue.addAfter('a', 70);
  queue.add('a');
  await started(2);
  finish('a');
  t.mock.timers.tick(10_000);
  await queue.close();
  assert.deepEqual(begun, ['a', 'a']);
});

test('a closed queue ends what is under way and takes nothing more', async () => {
  const { queue, begun, finish, started } = bench();
  queue.add('a');
  await started(1);
  queue.add('a');
  const closed = queue.close();
  queue.add('b');
  queue.addAfter('c', 0);
  finish('a');
  await closed;
  assert.deepEqual(begun, ['a']);
});
