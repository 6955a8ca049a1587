import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { HostPort } from '../../controller/ports/host.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { HostView, UnitView } from '../../reconcilers/observation.ts';
import { until } from '../redis/until.ts';

/** What a staged unit is like; without traits it runs until it is told to end. */
export interface UnitTraits {
  readonly restartsItself?: boolean;
  /** It is killed soon: its deadline is well below a second. */
  readonly ignoresSigterm?: boolean;
  /** It ends with this exit code as soon as it is started. */
  readonly endsWith?: number;
}

/** A machine, real or not, and what tests may do to it. */
export interface HostStage {
  /** Whether the machine tells of what happens on it by itself; absent: it does. */
  readonly isTold?: boolean;
  /** Whether it knows when a unit ended that ended well; absent: it does. */
  readonly knowsEnds?: boolean;
  /** What its watch of the lease is in a view; absent: it is not tried here. */
  readonly lease?: 'kept' | 'none';
  /** A new adapter; it watches `bot.service` and `second.service`, and `redis.service` as Redis's own. */
  host(): HostPort;
  define(name: string, traits?: UnitTraits): Promise<void>;
  /** SIGKILLs the unit's main process. */
  crash(name: string): Promise<void>;
  /** How often the unit's program was run since the stage was set. */
  runs(name: string): Promise<number>;
  /** A controller elsewhere starts the unit under epoch 1, and its process is gone before this resolves. */
  startByDyingController(name: string): Promise<void>;
  /** Writes a file on the machine and gives its path: the same path every time. */
  write(content: string): Promise<string>;
  read(path: string): Promise<string | undefined>;
  strike(): Promise<void>;
}

type Suite = (name: string, run: (stage: HostStage) => Promise<void>) => void;

/** What both the local host and the fake must do behind the port. */
export function hostConformance(what: string, set: () => Promise<HostStage>): void {
  const suite: Suite = (name, run) => {
    test(`${what}: ${name}`, async (context) => {
      const stage = await set();
      context.after(() => stage.strike());
      await run(stage);
    });
  };
  starting(suite);
  stopping(suite);
  ending(suite);
  racing(suite);
  underEpochs(suite);
  renewing(suite);
  preserving(suite);
}

function starting(suite: Suite): void {
  suite('a unit that never ran is stopped, one without a file is unknown', async (stage) => {
    await stage.define('bot.service');
    const host = stage.host();
    const view = await answer(host);
    assert.deepEqual(
      view.units.map(({ name, state }) => [name, state]),
      [
        ['bot.service', 'stopped'],
        ['second.service', 'unknownUnit'],
      ],
    );
    assert.equal(view.redisUnit, undefined);
    assert.equal(view.epoch, 0);
    assert.ok((view.freeDiskBytes ?? 0) > 0);
  });

  suite('a started unit runs, and starting it again does nothing', async (stage) => {
    await stage.define('bot.service');
    const host = stage.host();
    done(await host.startUnits(['bot.service'], 1));
    const before = await unit(host, 'bot.service');
    assert.deepEqual([before.state, before.result, before.restarts], ['running', 'success', 0]);
    assert.equal(before.endedSeconds, undefined);
    done(await host.startUnits(['bot.service'], 1));
    assert.equal(await stage.runs('bot.service'), 1);
  });

  suite('nothing is started when one of the units is unknown', async (stage) => {
    await stage.define('bot.service');
    const host = stage.host();
    refusedWith(await host.startUnits(['bot.service', 'second.service'], 1), 'UnknownUnit');
    assert.equal((await unit(host, 'bot.service')).state, 'stopped');
    assert.equal(await stage.runs('bot.service'), 0);
  });

  suite('a name that leads elsewhere is refused', async (stage) => {
    const host = stage.host();
    for (const name of ['../bot.service', '/etc/bot.service', 'bot', '.service', ''])
      refusedWith(await host.startUnits([name], 1), 'UnitInvalid');
    refusedWith(await host.stopUnits(['../bot.service'], 1), 'UnitInvalid');
  });

  suite('a unit outlives the controller that started it, and another one stops it', async (stage) => {
    await stage.define('bot.service');
    await stage.startByDyingController('bot.service');
    const host = stage.host();
    assert.equal((await unit(host, 'bot.service')).state, 'running');
    done(await host.startUnits(['bot.service'], 2));
    assert.equal(await stage.runs('bot.service'), 1);
    done(await host.stopUnits(['bot.service'], 2));
    assert.equal((await unit(host, 'bot.service')).state, 'stopped');
  });
}

function stopping(suite: Suite): void {
  suite('a stopped unit is stopped with success, and stopping it again is done', async (stage) => {
    await stage.define('bot.service');
    const host = stage.host();
    done(await host.startUnits(['bot.service'], 1));
    assert.equal(await stage.runs('bot.service'), 1);
    done(await host.stopUnits(['bot.service'], 1));
    const view = await unit(host, 'bot.service');
    assert.deepEqual([view.state, view.result], ['stopped', 'success']);
    if (stage.knowsEnds !== false) assert.ok((view.endedSeconds ?? -1) >= 0);
    done(await host.stopUnits(['bot.service', 'second.service'], 1));
    done(await host.startUnits(['bot.service'], 1));
    assert.equal((await unit(host, 'bot.service')).state, 'running');
    assert.equal(await stage.runs('bot.service'), 2);
  });

  suite('a unit that ignores SIGTERM is killed after its deadline', async (stage) => {
    await stage.define('bot.service', { ignoresSigterm: true });
    const host = stage.host();
    done(await host.startUnits(['bot.service'], 1));
    assert.equal(await stage.runs('bot.service'), 1);
    done(await host.stopUnits(['bot.service'], 1));
    const view = await unit(host, 'bot.service');
    assert.deepEqual([view.state, view.result], ['failed', 'timeout']);
  });

  suite('a unit that restarts itself stays down when it is stopped', async (stage) => {
    await stage.define('bot.service', { restartsItself: true });
    const host = stage.host();
    done(await host.startUnits(['bot.service'], 1));
    assert.equal((await unit(host, 'bot.service')).restartsItself, true);
    assert.equal(await stage.runs('bot.service'), 1);
    done(await host.stopUnits(['bot.service'], 1));
    assert.equal((await unit(host, 'bot.service')).state, 'stopped');
    assert.equal(await stage.runs('bot.service'), 1);
  });

  suite("Redis's own unit is seen and stopped", async (stage) => {
    const host = stage.host();
    refusedWith(await host.stopRedis(1), 'UnknownUnit');
    refusedWith(await host.startRedis(1), 'UnknownUnit');
    await stage.define('redis.service', { restartsItself: true });
    done(await host.startRedis(1));
    assert.equal((await answer(host)).redisUnit?.state, 'running');
    assert.equal(await stage.runs('redis.service'), 1);
    done(await host.stopRedis(1));
    const view = (await answer(host)).redisUnit;
    assert.deepEqual([view?.state, view?.result], ['stopped', 'success']);
    assert.equal(await stage.runs('redis.service'), 1);
  });
}

function ending(suite: Suite): void {
  suite('a crash is told of, and seen as a failure by a signal', async (stage) => {
    await stage.define('redis.service');
    const host = stage.host();
    done(await host.startRedis(1));
    const told = new Promise<void>((resolve) => host.onChange(resolve));
    await stage.crash('redis.service');
    if (stage.isTold !== false) await told;
    const view = await until('the crash is seen', async () => {
      const seen = (await answer(host)).redisUnit;
      return seen?.state === 'failed' && seen;
    });
    assert.equal(view.result, 'signal');
    assert.ok((view.endedSeconds ?? -1) >= 0);
    assert.equal(await stage.runs('redis.service'), 1);
  });

  suite('a unit that restarts itself is counted', async (stage) => {
    await stage.define('bot.service', { restartsItself: true });
    const host = stage.host();
    done(await host.startUnits(['bot.service'], 1));
    await stage.crash('bot.service');
    const again = await until('it runs again', async () => {
      const seen = await unit(host, 'bot.service');
      return seen.state === 'running' && seen.restarts === 1;
    });
    assert.ok(again);
    assert.equal(await stage.runs('bot.service'), 2);
  });

  for (const { code, state, result } of [
    { code: 0, state: 'stopped', result: 'success' },
    { code: 3, state: 'failed', result: 'exit-code' },
  ])
    suite(`a program that ends by itself with ${code} has ${state}`, async (stage) => {
      await stage.define('bot.service', { endsWith: code });
      const host = stage.host();
      const outcome = await host.startUnits(['bot.service'], 1);
      // It may have ended before anybody could see it run.
      if (outcome.kind !== 'done') refusedWith(outcome, 'UnitNotStarted');
      const view = await until('its end is seen', async () => {
        const seen = await unit(host, 'bot.service');
        return seen.state === state && seen;
      });
      assert.equal(view.result, result);
    });
}

function racing(suite: Suite): void {
  suite('two controllers that start one unit at once start it once', async (stage) => {
    await stage.define('bot.service');
    const hosts = [stage.host(), stage.host()];
    const starts = [...hosts, ...hosts].map((host) => host.startUnits(['bot.service'], 1));
    for (const outcome of await Promise.all(starts)) done(outcome);
    assert.equal(await stage.runs('bot.service'), 1);
  });

  suite('a stop under a newer epoch wins over a start under an older one, in either order', async (stage) => {
    await stage.define('bot.service');
    const [older, newer] = [stage.host(), stage.host()];
    for (let epoch = 2; epoch < 12; epoch += 2) {
      const start = () => older.startUnits(['bot.service'], epoch);
      const stop = () => newer.stopUnits(['bot.service'], epoch + 1);
      const order = epoch % 4 === 0 ? [start, stop] : [stop, start];
      await Promise.all(order.map((call) => call()));
      assert.equal((await unit(newer, 'bot.service')).state, 'stopped');
    }
  });
}

function underEpochs(suite: Suite): void {
  suite('what comes under a lower epoch than the highest seen is refused and does nothing', async (stage) => {
    await stage.define('bot.service');
    await stage.define('second.service');
    await stage.define('redis.service');
    const host = stage.host();
    done(await host.startUnits(['second.service'], 6));
    done(await host.startRedis(6));
    // A question under an epoch counts as well as an effect.
    done(await host.stopUnits(['bot.service'], 7));
    const deposed = stage.host();
    const path = await stage.write('data');
    refusedWith(await deposed.startUnits(['bot.service'], 6), 'EpochTooOld');
    refusedWith(await deposed.stopUnits(['second.service'], 6), 'EpochTooOld');
    refusedWith(await deposed.stopRedis(6), 'EpochTooOld');
    refusedWith(await deposed.startRedis(6), 'EpochTooOld');
    refusedWith(await deposed.copyAside(path, 6, 1), 'EpochTooOld');
    const view = await answer(deposed);
    assert.equal(view.epoch, 7);
    assert.deepEqual(
      view.units.map(({ state }) => state),
      ['stopped', 'running'],
    );
    assert.equal(view.redisUnit?.state, 'running');
    done(await deposed.stopUnits(['second.service'], 7));
  });
}

function renewing(suite: Suite): void {
  suite('terms arm the watch, and terms of no time take it away', async (stage) => {
    if (stage.lease === undefined) return;
    const host = stage.host();
    const seen: unknown[] = [];
    for (const terms of [undefined, { seconds: 15, epoch: 1 }, { seconds: 0, epoch: 1 }]) {
      const view = await host.observe(terms);
      assert.ok(view.state === 'answers', inspect(view));
      seen.push(view.lease?.state);
    }
    const kept = stage.lease === 'kept' ? ['absent', 'armed', 'absent'] : [undefined, undefined, undefined];
    assert.deepEqual(seen, kept);
  });
}

function preserving(suite: Suite): void {
  suite('copies are kept aside, and only the newest of them', async (stage) => {
    const host = stage.host();
    const copies: string[] = [];
    for (const content of ['first', 'second', 'third']) {
      const path = await stage.write(content);
      const reply = await host.copyAside(path, 4, 2);
      assert.ok(reply.kind === 'done', inspect(reply));
      assert.equal(reply.value.bytes, content.length);
      assert.match(reply.value.path, /epoch4/);
      copies.push(reply.value.path);
    }
    const kept = await Promise.all(copies.map((copy) => stage.read(copy)));
    assert.deepEqual(kept, [undefined, 'second', 'third']);
  });

  suite('a file that is not there cannot be kept', async (stage) => {
    const path = await stage.write('data');
    refusedWith(await stage.host().copyAside(`${path}.not`, 1, 1), 'PreserveImpossible');
  });
}

async function answer(host: HostPort): Promise<Extract<HostView, { state: 'answers' }>> {
  const view = await host.observe();
  assert.ok(view.state === 'answers', inspect(view));
  return view;
}

async function unit(host: HostPort, name: string): Promise<UnitView> {
  const found = (await answer(host)).units.find((seen) => seen.name === name);
  assert.ok(found, `no unit ${name}`);
  return found;
}

function done(outcome: Outcome): void {
  assert.deepEqual(outcome, { kind: 'done' });
}

function refusedWith(outcome: { kind: string; reason?: string }, reason: string): void {
  assert.equal(outcome.kind, 'refused', inspect(outcome));
  assert.equal(outcome.reason, reason);
}
