import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import type { Endpoint, RedisNodePort } from '../../controller/ports/redis-node.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { PrimaryView, RedisView, ReplicaView } from '../../reconcilers/observation.ts';
import { until } from '../redis/until.ts';

/** A Redis server, real or not, and what tests may do to it. */
export interface StagedServer {
  readonly endpoint: Endpoint;
  /** A new adapter with its own connection, closed when the stage is struck. */
  node(): RedisNodePort;
  /** One write by an ordinary client. */
  write(): Promise<'written' | 'refused'>;
  /** Ends every connection to it, as a fault of the network would. */
  cutConnections(): Promise<void>;
  kill(): Promise<void>;
  /** SIGSTOP: it takes connections and answers nothing. */
  hang(): Promise<void>;
  wake(): Promise<void>;
  /** Kills it and starts it again; gives a function that resolves when it has loaded its data. */
  startLoading(): Promise<() => Promise<void>>;
  changePassword(): Promise<void>;
  /** What it would log in to a primary with is wrong from now on. */
  spoilReplicationLogin(): Promise<void>;
}

export interface Stage {
  readonly primary: StagedServer;
  readonly replica: StagedServer;
  /** Resolves when every replica is linked and has what its primary has. */
  inSync(): Promise<void>;
  /** One more server, that was started without a config file. */
  withoutConfigFile(): Promise<StagedServer>;
  /** Texts that no view, outcome or inspection may hold. */
  readonly secrets: readonly string[];
  strike(): Promise<void>;
}

/** What both a real server and the fake must do behind the port. */
export function redisNodeConformance(what: string, set: () => Promise<Stage>): void {
  const suite = (name: string, run: (stage: Stage, context: TestContext) => Promise<void>) => {
    test(`${what}: ${name}`, async (context) => {
      const stage = await set();
      context.after(() => stage.strike());
      await run(stage, context);
    });
  };
  looking(suite);
  changing(suite);
  claiming(suite);
  failing(suite);
}

type Suite = (name: string, run: (stage: Stage, context: TestContext) => Promise<void>) => void;

function looking(suite: Suite): void {
  suite('a pair shows its roles, one history, and each other', async ({ primary, replica, inSync }) => {
    await primary.write();
    await inSync();
    const leading = await primaryView(primary.node());
    const following = await replicaView(replica.node());
    assert.equal(leading.keys, 1);
    assert.equal(leading.previousReplicationId, undefined);
    assert.equal(leading.previousEndOffset, undefined);
    assert.deepEqual(
      leading.replicas.map(({ host, port, state }) => ({ host, port, state })),
      [{ ...replica.endpoint, state: 'online' }],
    );
    assert.deepEqual(following.of, primary.endpoint);
    assert.equal(following.link, 'up');
    assert.equal(following.linkDownSeconds, undefined);
    assert.equal(following.replicationId, leading.replicationId);
    assert.notEqual(following.runId, leading.runId);
    assert.equal(leading.config.maxmemory, '0');
    assert.equal(leading.otherAgent, false);
    assert.equal(leading.priority, 100);
  });

  suite('positions tell role, history and an offset that grows with writes', async (stage) => {
    const [from, to] = [stage.primary.node(), stage.replica.node()];
    const before = await position(from);
    await stage.primary.write();
    await stage.inSync();
    const after = await position(from);
    assert.ok(after.offset > before.offset);
    assert.deepEqual(await position(to), { ...after, role: 'replica', offset: (await position(to)).offset });
    assert.ok((await position(to)).offset >= after.offset);
  });

  suite('many looks at once share one connection', async ({ primary }) => {
    const node = primary.node();
    const views = await Promise.all([node.observe(), node.observe(), node.observe()]);
    assert.deepEqual(
      views.map(({ state }) => state),
      ['answers', 'answers', 'answers'],
    );
  });

  suite('a dead server is refused, a hung one silent, and each is seen again when it is back', async (stage) => {
    const node = stage.replica.node();
    await stage.replica.hang();
    assert.deepEqual(await node.observe(), { state: 'silent' });
    await stage.replica.wake();
    assert.equal((await node.observe()).state, 'answers');
    await stage.replica.kill();
    assert.deepEqual(await node.observe(), { state: 'refused' });
  });

  suite('a server that reads its data set is loading until it has', async ({ primary }) => {
    const node = primary.node();
    const loaded = await primary.startLoading();
    // The process needs a moment before it listens.
    await until('the server to load', async () => (await node.observe()).state === 'loading');
    await loaded();
    assert.equal((await node.observe()).state, 'answers');
  });

  suite('a role is given only over the connection of the last look: behind another one a server may have restarted', async (stage) => {
    const node = await claimed(stage.replica, 1);
    await node.observe();
    const lost = new Promise<void>((resolve) => node.onLost(resolve));
    await stage.replica.cutConnections();
    await lost;
    refusedWith(await node.promote(), 'NotConnected');
    refusedWith(await node.follow(stage.primary.endpoint), 'NotConnected');
    await done(node.setConfig({ maxmemory: '0' }));
    refusedWith(await node.promote(), 'NotConnected');
    assert.equal((await position(node)).role, 'replica');
    await done(node.promote());
  });

  suite('a wrong password is unauthorised', async ({ primary }) => {
    await primary.changePassword();
    const view = await primary.node().observe();
    assert.equal(view.state, 'unauthorised');
  });

  suite('onLost fires when the server dies, and not upon close', async ({ primary, replica }) => {
    const [held, closed] = [primary.node(), replica.node()];
    await Promise.all([held.observe(), closed.observe()]);
    let closedLost = 0;
    closed.onLost(() => {
      closedLost += 1;
    });
    closed.close();
    const lost = new Promise<void>((resolve) => held.onLost(resolve));
    await primary.kill();
    await lost;
    assert.equal(closedLost, 0);
  });
}

function changing(suite: Suite): void {
  suite('a pause holds a writer until writes are resumed', async ({ primary }) => {
    const node = await claimed(primary, 1);
    assert.equal((await node.pauseWrites(60_000)).kind, 'done');
    let written = false;
    const writing = primary.write().then((result) => {
      written = true;
      return result;
    });
    const before = await position(node);
    assert.equal((await position(node)).offset, before.offset);
    assert.equal(written, false);
    await done(node.resumeWrites());
    assert.equal(await writing, 'written');
  });

  suite('promoting gives a new history that keeps the previous one, and only once', async (stage) => {
    await stage.primary.write();
    await stage.inSync();
    const node = await claimed(stage.replica, 1);
    const before = await replicaView(node);
    await done(node.promote());
    const after = await primaryView(node);
    assert.notEqual(after.replicationId, before.replicationId);
    assert.equal(after.previousReplicationId, before.replicationId);
    assert.ok((after.previousEndOffset ?? 0) > before.offset);
    await done(node.promote());
    assert.equal((await position(node)).replicationId, after.replicationId);
  });

  suite('following makes a replica that refuses writes, and only once', async (stage) => {
    const [old, next] = [await claimed(stage.primary, 1), await claimed(stage.replica, 1)];
    await done(old.follow(stage.replica.endpoint));
    await done(next.promote());
    await done(old.follow(stage.replica.endpoint));
    await stage.inSync();
    const view = await replicaView(old);
    assert.deepEqual(view.of, stage.replica.endpoint);
    assert.equal(view.replicationId, (await position(next)).replicationId);
    assert.equal(await stage.primary.write(), 'refused');
    assert.equal(await stage.replica.write(), 'written');
  });

  suite('dropping clients ends other connections and not its own', async ({ primary }) => {
    const [node, other] = [await claimed(primary, 1), primary.node()];
    let ownLost = 0;
    node.onLost(() => {
      ownLost += 1;
    });
    await other.observe();
    const lost = new Promise<void>((resolve) => other.onLost(resolve));
    await done(node.dropClients());
    await lost;
    await done(node.resumeWrites());
    assert.equal(ownLost, 0);
  });

  suite('settings are set and shown; an unknown one is refused', async ({ primary }) => {
    const node = await claimed(primary, 1);
    await done(node.setConfig({ maxmemory: '123456789', 'repl-ping-replica-period': '1' }));
    assert.equal((await primaryView(node)).config.maxmemory, '123456789');
    refusedWith(await node.setConfig({ 'no-such-setting': '1' }), 'InvalidSetting');
  });

  suite('the config file is rewritten where there is one', async (stage) => {
    await done((await claimed(stage.primary, 1)).persistConfig());
    const bare = await claimed(await stage.withoutConfigFile(), 1);
    refusedWith(await bare.persistConfig(), 'NoConfigFile');
  });

  suite('a snapshot names the file that it wrote', async ({ primary }) => {
    const reply = await (await claimed(primary, 1)).snapshot(5_000);
    assert.ok(reply.kind === 'done' && reply.value.endsWith('/dump.rdb'), inspect(reply));
  });
}

function claiming(suite: Suite): void {
  suite('nothing is changed before a claim', async ({ primary }) => {
    const node = primary.node();
    refusedWith(await node.promote(), 'NotClaimed');
    refusedWith(await node.setConfig({ maxmemory: '5' }), 'NotClaimed');
    refusedWith(await node.snapshot(1_000), 'NotClaimed');
    assert.equal((await primaryView(node)).config.maxmemory, '0');
  });

  suite('a lower epoch is refused where a higher one is announced; an equal one is not', async (stage) => {
    await claimed(stage.primary, 7);
    const late = stage.primary.node();
    refusedWith(await late.claim(6), 'EpochTooOld');
    refusedWith(await late.setConfig({ maxmemory: '6' }), 'NotClaimed');
    const equal = await claimed(stage.primary, 7);
    await done(equal.setConfig({ maxmemory: '7' }));
  });

  suite('a higher epoch ends the connection of a lower one, which then can change nothing', async (stage) => {
    const old = await claimed(stage.primary, 6);
    const lost = new Promise<void>((resolve) => old.onLost(resolve));
    const young = await claimed(stage.primary, 7);
    await lost;
    refusedWith(await old.setConfig({ maxmemory: '6' }), 'EpochTooOld');
    refusedWith(await old.claim(6), 'EpochTooOld');
    await done(young.setConfig({ maxmemory: '7' }));
    assert.equal((await primaryView(young)).config.maxmemory, '7');
  });

  suite('of two that claim at once, the lower one ends without power', async ({ primary }) => {
    for (let round = 1; round <= 20; round += 1) {
      const [low, high] = [primary.node(), primary.node()];
      await Promise.all([low.observe(), high.observe()]);
      const first = round % 2 === 0 ? [low.claim(round * 2), high.claim(round * 2 + 1)] : [];
      await Promise.all([high.claim(round * 2 + 1), low.claim(round * 2), ...first]);
      await done(high.setConfig({ maxmemory: String(round) }));
      const late = await low.setConfig({ maxmemory: '999' });
      assert.notEqual(late.kind, 'done');
      assert.equal((await primaryView(high)).config.maxmemory, String(round));
      low.close();
      high.close();
    }
  });

  suite('a connection that was lost claims again by itself, and is refused when overtaken', async (stage) => {
    const node = await claimed(stage.primary, 6);
    const cut = new Promise<void>((resolve) => node.onLost(resolve));
    await stage.primary.cutConnections();
    await cut;
    await done(node.setConfig({ maxmemory: '6' }));
    refusedWith(await stage.primary.node().claim(5), 'EpochTooOld');
    const cutAgain = new Promise<void>((resolve) => node.onLost(resolve));
    await stage.primary.cutConnections();
    await cutAgain;
    await claimed(stage.primary, 7);
    refusedWith(await node.setConfig({ maxmemory: '5' }), 'EpochTooOld');
  });
}

function failing(suite: Suite): void {
  suite('a call that gets no answer is unknown; one that cannot be sent is refused', async ({ primary }) => {
    const node = await claimed(primary, 1);
    await primary.hang();
    const unanswered = await node.pauseWrites(1);
    assert.equal(unanswered.kind, 'unknown', inspect(unanswered));
    refusedWith(await node.pauseWrites(1), 'NotConnected');
    refusedWith(await node.position(), 'NotConnected');
    await primary.wake();
    await primary.kill();
    refusedWith(await node.pauseWrites(1), 'NotConnected');
    refusedWith(await node.claim(2), 'NotConnected');
  });

  suite('what was sent before a timeout cannot take effect after a later call', async ({ primary }) => {
    const node = await claimed(primary, 1);
    await primary.hang();
    assert.equal((await node.setConfig({ maxmemory: '111' })).kind, 'unknown');
    await primary.wake();
    await until('the connection to be back', async () => (await node.observe()).state === 'answers');
    await done(node.setConfig({ maxmemory: '222' }));
    for (let look = 0; look < 20; look += 1) {
      assert.equal((await primaryView(node)).config.maxmemory, '222');
    }
  });

  suite('a wrong replication login is seen, and set right under a claim', async ({ primary }) => {
    await primary.spoilReplicationLogin();
    const node = primary.node();
    assert.equal((await primaryView(node)).replicationLogin, 'wrong');
    refusedWith(await node.setReplicationLogin(), 'NotClaimed');
    await done(node.claim(1));
    await done(node.setReplicationLogin());
    assert.equal((await primaryView(node)).replicationLogin, 'right');
  });

  suite('a replication login that was set right and persisted outlives a restart', async ({ primary }) => {
    await primary.spoilReplicationLogin();
    const node = await claimed(primary, 1);
    await done(node.persistConfig());
    await done(node.setReplicationLogin());
    await done(node.persistConfig());
    const loaded = await primary.startLoading();
    await loaded();
    assert.equal((await primaryView(node)).replicationLogin, 'right');
  });

  suite('no secret stands in anything that it says', async ({ primary, secrets }) => {
    const node = await claimed(primary, 1);
    const said: unknown[] = [node, await node.observe(), await node.setConfig({ 'no-such-setting': '1' })];
    said.push(await node.setReplicationLogin(), await node.observe());
    await primary.changePassword();
    const stranger = primary.node();
    said.push(stranger, await stranger.observe(), await stranger.claim(2), await stranger.position());
    await primary.kill();
    said.push(node, await node.observe(), await node.promote());
    const text = said
      .map((one) => inspect(one, { depth: 20, showHidden: true }) + JSON.stringify(one))
      .join();
    for (const secret of secrets) assert.ok(!text.includes(secret));
  });
}

async function claimed(server: StagedServer, epoch: number): Promise<RedisNodePort> {
  const node = server.node();
  await done(node.claim(epoch));
  return node;
}

async function done(outcome: Promise<Outcome>): Promise<void> {
  assert.deepEqual(await outcome, { kind: 'done' });
}

function refusedWith(outcome: { kind: string; reason?: string }, reason: string): void {
  assert.equal(outcome.kind, 'refused', inspect(outcome));
  assert.equal(outcome.reason, reason);
}

async function position(node: RedisNodePort) {
  const reply = await node.position();
  assert.ok(reply.kind === 'done', inspect(reply));
  return reply.value;
}

async function primaryView(node: RedisNodePort): Promise<PrimaryView> {
  const view: RedisView = await node.observe();
  assert.ok(view.state === 'answers' && view.role === 'primary', inspect(view));
  return view;
}

async function replicaView(node: RedisNodePort): Promise<ReplicaView> {
  const view: RedisView = await node.observe();
  assert.ok(view.state === 'answers' && view.role === 'replica', inspect(view));
  return view;
}
