import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settle } from 'node:timers/promises';
import type { Answer, Answers, Command, Wire } from '../../controller/redis/connection.ts';
import { Deadline } from '../../controller/redis/deadline.ts';
import { EpochClaim } from '../../controller/redis/epoch-claim.ts';

const mutation: Command = ['replicaof', 'NO', 'ONE'];
/** More steps than the two sides together can take. */
const maxSteps = 12;

/** A server that executes one command of one connection at a time, in the order that a test chooses. */
class SteppedServer {
  readonly log: string[] = [];
  readonly #names = new Map<number, string>();
  readonly #queues = new Map<number, (() => void)[]>();

  connect(id: number): Wire {
    this.#names.set(id, '');
    this.#queues.set(id, []);
    return {
      isFormer: false,
      identity: { id, address: `a:${id}` },
      run: (commands) => this.#run(id, commands),
    };
  }

  /** Executes the next command of that connection, if it has one. */
  step(id: number): void {
    this.#queues.get(id)?.shift()?.();
  }

  idle(): boolean {
    return [...this.#queues.values()].every((queue) => queue.length === 0);
  }

  #run(id: number, commands: readonly Command[]): Promise<Answers> {
    const { promise, resolve } = Promise.withResolvers<Answers>();
    const answers: Answer[] = [];
    for (const [index, command] of commands.entries()) {
      this.#queues.get(id)?.push(() => {
        if (!this.#names.has(id)) return resolve({ kind: 'lost' });
        answers.push({ value: this.#execute(id, command) });
        if (index === commands.length - 1) resolve({ kind: 'answered', answers });
      });
    }
    return promise;
  }

  #execute(id: number, command: Command): string {
    const [name, word, ...rest] = command;
    if (name === 'replicaof') this.log.push(`changed by ${id}`);
    if (word === 'SETNAME') this.#names.set(id, String(rest[0]));
    if (word === 'KILL') this.#names.delete(Number(rest[1]));
    if (word !== 'LIST') return 'OK';
    return [...this.#names].map(([other, given]) => `id=${other} addr=a:1 name=${given} age=1`).join('\n');
  }
}

async function claimAndChange(server: SteppedServer, id: number, epoch: number): Promise<void> {
  const connection = server.connect(id);
  const claim = new EpochClaim({ get: async () => ({ kind: 'open', connection }) }, 'understudy:g');
  const outcome = await claim.claim(epoch, new Deadline(60_000));
  server.log.push(`claim of ${id} ${outcome.kind}`);
  if (outcome.kind !== 'done') return;
  const ready = await claim.ready(new Deadline(60_000));
  if (ready.kind === 'ready') await ready.connection.run([mutation], 60_000);
}

test('in every interleaving of two claims the higher one wins, and the lower changes nothing after it', async () => {
  const [low, high] = [1, 2];
  let lowWasFirst = 0;
  for (let order = 0; order < 2 ** maxSteps; order += 1) {
    const server = new SteppedServer();
    void claimAndChange(server, low, 5);
    void claimAndChange(server, high, 6);
    await settle();
    for (let step = 0; step < maxSteps; step += 1) {
      server.step((order >> step) & 1 ? high : low);
      await settle();
    }
    // What one side's steps were chosen for too seldom.
    while (!server.idle()) {
      server.step(low);
      server.step(high);
      await settle();
    }
    const shown = `${order.toString(2)}: ${server.log.join(', ')}`;
    const won = server.log.indexOf(`claim of ${high} done`);
    assert.ok(won >= 0 && server.log.includes(`changed by ${high}`), shown);
    assert.ok(server.log.lastIndexOf(`changed by ${low}`) < won, shown);
    if (server.log.includes(`changed by ${low}`)) lowWasFirst += 1;
  }
  assert.ok(lowWasFirst > 0);
});

test('a claim that was refused stays refused, whatever the server shows later', async () => {
  const server = new SteppedServer();
  const run = async <T>(promise: Promise<T>): Promise<T> => {
    while ((await Promise.race([promise, settle('pending')])) === 'pending') {
      server.step(1);
      server.step(2);
    }
    return promise;
  };
  const rival = server.connect(2);
  await run(rival.run([['client', 'SETNAME', 'understudy:g:9']], 1_000));
  const connection = server.connect(1);
  const claim = new EpochClaim({ get: async () => ({ kind: 'open', connection }) }, 'understudy:g');
  assert.equal((await run(claim.claim(8, new Deadline(1_000)))).kind, 'refused');
  await run(rival.run([['client', 'SETNAME', 'gone']], 1_000));
  const again = await run(claim.claim(8, new Deadline(1_000)));
  assert.deepEqual([again.kind, 'reason' in again && again.reason], ['refused', 'EpochTooOld']);
  assert.equal((await run(claim.claim(9, new Deadline(1_000)))).kind, 'done');
});
