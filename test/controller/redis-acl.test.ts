import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { executeAction } from '../../controller/execute/execute-action.ts';
import type { GroupNode } from '../../controller/group-nodes.ts';
import { monotonicClock } from '../../controller/monotonic-clock.ts';
import { RedisNode } from '../../controller/redis/redis-node.ts';
import { Secret } from '../../controller/secret.ts';
import { type RedisPair, startPair, untilLinked } from '../redis/redis-pair.ts';
import type { RedisServer } from '../redis/redis-server.ts';
import { until } from '../redis/until.ts';

const password = 'the-password-of-understudy';
/** What the watch of the lease asks on the node (deploy/understudy-node). */
const watchAsks = [
  ['PING'],
  ['INFO', 'replication'],
  ['ROLE'],
  ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
];
/** What the replica asks of its primary by itself. */
const replicaAsks = ['psync', 'replconf'];

/** The rules of the line that the page gives, without the name and the password. */
async function documentedRules(): Promise<string[]> {
  const page = await readFile(join(import.meta.dirname, '../../docs/redis-acl.md'), 'utf8');
  const line = /^ACL SETUSER understudy reset on >PASSWORD (.*)$/m.exec(page)?.[1];
  assert.ok(line !== undefined, 'docs/redis-acl.md gives the line');
  return line.split(' ');
}

/** Each right of a user is asked for, in real calls on a real pair. */
class Trial {
  readonly pair: RedisPair;
  #epoch = 1;

  constructor(pair: RedisPair) {
    this.pair = pair;
  }

  get servers(): RedisServer[] {
    return [this.pair.primary, this.pair.replica];
  }

  async grant(rules: readonly string[]): Promise<void> {
    for (const server of this.servers) {
      const admin = await server.admin();
      await admin.acl('SETUSER', 'understudy', 'reset', 'on', `>${password}`, ...rules);
      await admin.acl('LOG', 'RESET');
      admin.disconnect();
    }
  }

  nextEpoch(): number {
    this.#epoch += 1;
    return this.#epoch;
  }

  /** What the user was denied since it was granted its rights, as Redis calls the commands. */
  async denied(): Promise<string[]> {
    const logs = await Promise.all(
      this.servers.map(async (server) => {
        const admin = await server.admin();
        const log = (await admin.acl('LOG')) as unknown as string[][];
        admin.disconnect();
        return log.map((entry) => String(entry[entry.indexOf('object') + 1]));
      }),
    );
    return [...new Set(logs.flat())];
  }

  connect(server: RedisServer): RedisNode {
    return new RedisNode({
      host: server.host,
      port: server.port,
      username: 'understudy',
      password: new Secret(password),
      managedSettings: ['maxmemory', 'min-replicas-to-write'],
      connectionName: 'understudy:acl',
      connectTimeoutMs: 3_000,
      commandTimeoutMs: 3_000,
    });
  }

  /** Everything that the adapter can send and that the watch asks; gives what was refused. */
  async askEverything(): Promise<string> {
    const epoch = this.nextEpoch();
    const node = this.connect(this.pair.primary);
    const view = await node.observe();
    const said: unknown[] = view.state === 'answers' ? [] : [view];
    const calls = [
      () => node.claim(epoch),
      () => node.pauseWrites(1),
      () => node.position(),
      () => node.resumeWrites(),
      () => node.promote(),
      () => node.dropClients(),
      () => node.setConfig({ maxmemory: '0' }),
      () => node.setReplicationLogin(),
      () => node.persistConfig(),
      () => node.snapshot(10_000),
    ];
    for (const call of calls) {
      const outcome = await call();
      if (outcome.kind !== 'done') said.push(outcome);
    }
    node.close();
    const admin = await this.pair.primary.admin();
    for (const words of watchAsks) {
      const verdict = await admin.call('ACL', 'DRYRUN', 'understudy', ...words);
      if (verdict !== 'OK') said.push(verdict);
    }
    admin.disconnect();
    return said.map((one) => inspect(one)).join('\n');
  }

  /** The replica connects to its primary anew. */
  async replicaReconnects(): Promise<void> {
    const admin = await this.pair.primary.admin();
    await admin.call('CLIENT', 'KILL', 'TYPE', 'replica');
    admin.disconnect();
  }
}

describe('the ACL user of docs/redis-acl.md', () => {
  let trial: Trial;
  let rules: string[];

  before(async () => {
    rules = await documentedRules();
    trial = new Trial(await startPair());
    await trial.grant(rules);
    for (const server of trial.servers) {
      const node = trial.connect(server);
      assert.deepEqual(await node.claim(1), { kind: 'done' });
      assert.deepEqual(await node.setReplicationLogin(), { kind: 'done' });
      node.close();
    }
    await trial.replicaReconnects();
    await untilLinked(trial.pair.replica);
  });

  after(() => trial.pair.stop());

  it('is denied nothing', async () => {
    await trial.grant(rules);
    assert.equal(await trial.askEverything(), '');
    await trial.replicaReconnects();
    await untilLinked(trial.pair.replica);
    assert.deepEqual(await trial.denied(), []);
  });

  it('needs every right that it has, and is told by name which one is missing', async () => {
    for (const right of rules) {
      const command = right.slice(1);
      await trial.grant(rules.filter((rule) => rule !== right));
      if (replicaAsks.includes(command)) {
        await trial.replicaReconnects();
        await until(`${command} to be missed`, async () => (await trial.denied()).includes(command));
      } else assert.ok((await trial.askEverything()).includes(`'${command}'`), `nothing needs ${right}`);
    }
  });

  it('is told where the rights are listed, in a look and in a refusal', async (t) => {
    await trial.grant(rules.filter((rule) => rule !== '+client|pause'));
    const node = trial.connect(trial.pair.primary);
    t.after(() => node.close());
    assert.deepEqual(await node.claim(trial.nextEpoch()), { kind: 'done' });
    const refused = await node.pauseWrites(1);
    assert.ok(refused.kind === 'refused' && refused.reason === 'NotAuthorised', inspect(refused));
    assert.match(refused.message, lacks('client\\|pause'));
    await trial.grant(rules.filter((rule) => rule !== '+info'));
    const view = await node.observe();
    assert.ok(view.state === 'unauthorised', inspect(view));
    assert.match(view.detail, lacks('info'));
  });

  it('is enough for a hand-over, and for what follows it', async (t) => {
    await trial.grant(rules);
    await untilLinked(trial.pair.replica);
    const group = trial.servers.map((server, index): GroupNode => {
      const redis = trial.connect(server);
      t.after(() => redis.close());
      return { name: index === 0 ? 'one' : 'two', endpoint: { host: server.host, port: server.port }, redis };
    });
    const nodes = new Map(group.map((node) => [node.name, node]));
    const reach = { nodes, clock: monotonicClock(), commandTimeoutMs: 3_000 };
    const epoch = trial.nextEpoch();
    const settings = { 'min-replicas-max-lag': '3' };
    for (const action of [
      { kind: 'handOver', from: 'one', to: 'two', epoch, budgetMs: 20_000 },
      { kind: 'persistRole', node: 'one', epoch },
      { kind: 'persistRole', node: 'two', epoch },
      { kind: 'applyConfig', node: 'two', settings, replicationLogin: true, epoch },
      { kind: 'repoint', node: 'one', to: 'two', epoch, dropClients: true },
    ] as const) {
      const outcome = await executeAction(reach, action);
      assert.equal(outcome.kind, 'done', `${action.kind}: ${inspect(outcome)}`);
    }
    await untilLinked(trial.pair.primary);
    assert.deepEqual(await trial.denied(), []);
  });
});

/** Redis 7.0 says "this user", later ones its name. */
const lacks = (command: string): RegExp =>
  new RegExp(`^its user lacks a right that docs/redis-acl.md lists: NOPERM .* the '${command}' command`);
