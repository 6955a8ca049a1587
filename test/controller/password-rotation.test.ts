import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { connectGroups } from '../../controller/connect-group.ts';
import { Controller, type ControllerEvent } from '../../controller/controller.ts';
import { FileSecrets } from '../../controller/file-secrets.ts';
import { FileStore } from '../../controller/file-store/file-store.ts';
import { monotonicClock } from '../../controller/monotonic-clock.ts';
import type { Status } from '../../crd/status.ts';
import { connectAdmin } from '../redis/admin-connection.ts';
import { info } from '../redis/info.ts';
import { type RedisPair, startPair } from '../redis/redis-pair.ts';
import type { RedisServer } from '../redis/redis-server.ts';
import { until } from '../redis/until.ts';

const user = 'understudy';

/** Two real servers, and controllers over one file of a group whose password is in a file beside it. */
class Stage {
  readonly folder: string;
  readonly pair: RedisPair;
  readonly events: ControllerEvent[] = [];
  password: string;
  username: string | undefined;
  #running: { controller: Controller; store: FileStore; secrets: FileSecrets } | undefined;

  private constructor(folder: string, pair: RedisPair) {
    this.folder = folder;
    this.pair = pair;
    this.password = pair.primary.password;
  }

  static async raise(context: TestContext): Promise<Stage> {
    const stage = new Stage(await mkdtemp(join(tmpdir(), 'understudy-rotation-')), await startPair());
    context.after(async () => {
      await stage.end();
      await stage.pair.stop();
      await rm(stage.folder, { recursive: true, force: true });
    });
    await stage.keep(stage.password);
    await stage.ask('a');
    return stage;
  }

  get servers(): readonly [RedisServer, RedisServer] {
    return [this.pair.primary, this.pair.replica];
  }

  /** As an editor writes: a new file, renamed over the old one. */
  async keep(password: string): Promise<void> {
    this.password = password;
    await this.#replace('password', `${password}\n`);
  }

  async ask(primary: string, username = this.username, former = false): Promise<void> {
    this.username = username;
    const nodes = this.servers.map(({ host, port }, index) => ({ name: 'ab'[index], redis: { host, port } }));
    const auth = {
      ...(username === undefined ? {} : { username }),
      passwordFrom: { file: join(this.folder, 'password') },
      ...(former ? { formerPasswordFrom: { file: join(this.folder, 'former') } } : {}),
    };
    const document = {
      apiVersion: 'understudy.dev/v1alpha1',
      kind: 'FailoverGroup',
      metadata: { name: 'one' },
      spec: { primary, nodes, redis: { auth } },
    };
    await this.#replace('one.yaml', `${JSON.stringify(document)}\n`);
  }

  async begin(): Promise<void> {
    const store = new FileStore(join(this.folder, 'one.yaml'));
    const secrets = new FileSecrets({ folder: this.folder, env: {} });
    const controller = new Controller({
      store,
      secrets,
      connect: connectGroups({ secrets, commandTimeoutMs: 2_000, connectionPrefix: user }),
      clock: monotonicClock(),
      commandTimeoutMs: 2_000,
      probeMs: 100,
      tell: (event) => this.events.push(event),
    });
    this.#running = { controller, store, secrets };
    await controller.start();
  }

  async end(): Promise<void> {
    await this.#running?.controller.stop();
    this.#running?.secrets.close();
    this.#running = undefined;
  }

  get status(): Status {
    return this.#running?.store.get('one')?.status ?? {};
  }

  /** Does it, and waits until the controller has taken up that the password is another one. */
  async heard(change: () => Promise<void>): Promise<void> {
    const changes = (): string => {
      const group = this.#running?.store.get('one')?.group;
      return group === undefined ? '' : (this.#running?.secrets.version(group) ?? '');
    };
    const before = changes();
    await change();
    await until('the change is heard of', async () => changes() !== before);
    const { length } = this.events;
    const passes = () => this.events.slice(length).filter(({ kind }) => kind === 'decided').length;
    await until('passes that know of it', async () => passes() >= 3);
  }

  async settled(primary: string): Promise<void> {
    await until(`${primary} leads and all is well`, async () => {
      const { currentPrimary, conditions = [], passwordRotation, transition } = this.status;
      const ready = conditions.find(({ type }) => type === 'Ready')?.status === 'True';
      return (
        currentPrimary === primary && ready && passwordRotation === undefined && transition === undefined
      );
    });
  }

  /** Resolves when every server has this password, logs in with it as a replica, and has kept both in its file. */
  async rotated(): Promise<void> {
    await until('the rotation is off the record', async () => this.status.passwordRotation === undefined);
    for (const { configFile } of this.servers)
      await until(`${configFile} has the new password`, async () => {
        const config = await readFile(configFile, 'utf8');
        return ['requirepass', 'masterauth'].every((name) =>
          new RegExp(`^${name} "?${this.password}"?$`, 'm').test(config),
        );
      });
  }

  async takes(server: RedisServer, password: string, username?: string): Promise<boolean> {
    const client = new Redis({
      host: server.host,
      port: server.port,
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      protocol: 2,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.call('AUTH', ...(username === undefined ? [] : [username]), password)) === 'OK';
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  }

  /** How often a replica was given data by these servers otherwise than over a link that stood. */
  async syncs(): Promise<number> {
    let syncs = 0;
    for (const server of this.servers) {
      const admin = await connectAdmin({ ...server.address, password: this.password });
      const stats = await info(admin, 'stats');
      syncs += Number(stats.sync_full) + Number(stats.sync_partial_ok) + Number(stats.sync_partial_err);
      admin.disconnect();
    }
    return syncs;
  }

  async #replace(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, `${name}.new`), text, { mode: 0o600 });
    await rename(join(this.folder, `${name}.new`), join(this.folder, name));
  }
}

const fresh = (): string => randomBytes(12).toString('hex');

test('a password that is edited is taken up by both nodes, without a restart and without a broken link', async (context) => {
  const stage = await Stage.raise(context);
  await stage.begin();
  await stage.settled('a');
  const [old, syncs] = [stage.password, await stage.syncs()];
  await stage.keep(fresh());
  await stage.rotated();
  for (const server of stage.servers) {
    assert.ok(await stage.takes(server, stage.password));
    assert.ok(!(await stage.takes(server, old)));
  }
  assert.equal(await stage.syncs(), syncs);
  await stage.settled('a');
  const stages = stage.events.flatMap((event) =>
    event.kind === 'acted' && event.action.kind === 'rotatePassword' ? [event.action.stage] : [],
  );
  assert.deepEqual(stages, ['accept', 'accept', 'retire', 'retire']);
});

test('switchovers go on through rotations, and none fails', async (context) => {
  const stage = await Stage.raise(context);
  await stage.begin();
  await stage.settled('a');
  for (const primary of ['b', 'a', 'b', 'a', 'b']) {
    // At once: the request comes before, between or after the stages.
    await Promise.all([stage.keep(fresh()), stage.ask(primary)]);
    await stage.settled(primary);
    assert.equal(stage.status.failedAttempt, undefined);
    await stage.rotated();
  }
  assert.equal(stage.status.epoch, 6);
});

test('a node that was away takes the new password when it is back, and only then the old one goes', async (context) => {
  const stage = await Stage.raise(context);
  await stage.begin();
  await stage.settled('a');
  const [primary, replica] = stage.servers;
  const old = stage.password;
  await replica.kill('SIGTERM');
  await stage.keep(fresh());
  await until('the primary takes the new one', () => stage.takes(primary, stage.password));
  await until('the rotation is on record', async () => stage.status.passwordRotation !== undefined);
  assert.ok(await stage.takes(primary, old));
  await replica.restart();
  await stage.rotated();
  assert.ok(!(await stage.takes(primary, old)));
  assert.ok(!(await stage.takes(replica, old)));
  await stage.settled('a');
});

test('a controller that begins in mid-rotation, and knows only the new password, ends it', async (context) => {
  const stage = await Stage.raise(context);
  await stage.begin();
  await stage.settled('a');
  const old = stage.password;
  await stage.servers[1].kill('SIGTERM');
  await stage.keep(fresh());
  await until('the primary takes the new one', () => stage.takes(stage.servers[0], stage.password));
  await stage.end();
  await stage.servers[1].restart();
  // Of the other node, which takes the old one only, it is told what that was.
  await writeFile(join(stage.folder, 'former'), old, { mode: 0o600 });
  await stage.ask('a', undefined, true);
  await stage.begin();
  await stage.rotated();
  assert.ok(!(await stage.takes(stage.servers[0], old)));
});

test('a password that is taken back in mid-rotation is taken nowhere any more', async (context) => {
  const stage = await Stage.raise(context);
  await stage.begin();
  await stage.settled('a');
  const [primary, replica] = stage.servers;
  const old = stage.password;
  await replica.kill('SIGTERM');
  await stage.keep(fresh());
  const mistaken = stage.password;
  await until('the primary takes the new one', () => stage.takes(primary, mistaken));
  await until('the rotation is on record', async () => stage.status.passwordRotation !== undefined);
  await stage.heard(() => stage.keep(old));
  await replica.restart();
  await stage.rotated();
  assert.ok(!(await stage.takes(primary, mistaken)));
  assert.ok(!(await stage.takes(replica, mistaken)));
  assert.ok(await stage.takes(primary, old));
  await stage.settled('a');
});

test('a password that no node takes, old or new, changes nothing and is told', async (context) => {
  const stage = await Stage.raise(context);
  const right = stage.password;
  await stage.keep('typo');
  await stage.begin();
  await until('it is told', async () =>
    stage.status.conditions?.some(({ message }) => message.includes('password')),
  );
  assert.ok(await stage.takes(stage.servers[0], right));
  assert.deepEqual(
    stage.events.filter((event) => event.kind === 'acted' && event.action.kind !== 'record'),
    [],
  );
});

test('the password of an ACL user of its own is rotated, and the default user is left alone', async (context) => {
  const stage = await Stage.raise(context);
  const of = stage.password;
  for (const server of stage.servers) {
    const admin = await server.admin();
    await admin.acl('SETUSER', user, 'on', `>${of}-own`, '~*', '&*', '+@all');
    admin.disconnect();
  }
  await stage.keep(`${of}-own`);
  await stage.ask('a', user);
  await stage.begin();
  await stage.settled('a');
  await stage.keep(`${of}-new`);
  for (const server of stage.servers) {
    await until('the old one is gone', async () => !(await stage.takes(server, `${of}-own`, user)));
    assert.ok(await stage.takes(server, `${of}-new`, user));
    assert.ok(await stage.takes(server, of));
  }
  await stage.settled('a');
});
