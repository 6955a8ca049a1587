import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { executeAction } from '../../controller/execute/execute-action.ts';
import type { GroupNode } from '../../controller/group-nodes.ts';
import { monotonicClock } from '../../controller/monotonic-clock.ts';
import type { RedisNodeOptions } from '../../controller/redis/options.ts';
import { RedisNode } from '../../controller/redis/redis-node.ts';
import { Secret } from '../../controller/secret.ts';
import { TlsAuthority } from '../redis/tls-authority.ts';
import { startTlsRedis, type TlsRedis } from '../redis/tls-redis.ts';
import { until } from '../redis/until.ts';

/** Long enough for a TLS handshake on a busy machine. */
const patience = { connectTimeoutMs: 3_000, commandTimeoutMs: 3_000 };

function connect(context: TestContext, at: TlsRedis, options: Partial<RedisNodeOptions>): RedisNode {
  const node = new RedisNode({
    host: at.server.host,
    port: at.tlsPort,
    password: new Secret(at.server.password),
    managedSettings: ['min-replicas-to-write'],
    connectionName: 'understudy:tls',
    ...patience,
    ...options,
  });
  context.after(() => node.close());
  return node;
}

async function unusable(node: RedisNode): Promise<string> {
  const view = await node.observe();
  assert.ok(view.state === 'unusable', inspect(view));
  const refused = await node.claim(1);
  assert.ok(refused.kind === 'refused' && refused.reason === 'NotConnected', inspect(refused));
  return view.detail;
}

describe('TLS to Redis', () => {
  let authority: TlsAuthority;
  let primary: TlsRedis;
  let replica: TlsRedis;
  let ca: string;

  before(async () => {
    authority = await TlsAuthority.create();
    ca = await authority.pem();
    const certificate = await authority.issue('DNS:redis.test,IP:127.0.0.1');
    primary = await startTlsRedis({ authority, certificate });
    replica = await startTlsRedis({ authority, certificate, primary });
  });

  after(async () => {
    await Promise.all([primary, replica].map(({ server }) => server.stop()));
    await authority.remove();
  });

  it('is made by address and by name, when the certificate bears it', async (t) => {
    const byAddress = await connect(t, primary, { tls: { ca } }).observe();
    assert.ok(byAddress.state === 'answers' && byAddress.role === 'primary', inspect(byAddress));
    // A replica that follows by TLS tells its TLS port.
    assert.deepEqual(
      byAddress.replicas.map(({ port }) => port),
      [replica.tlsPort],
    );
    const byName = await connect(t, primary, { tls: { ca, serverName: 'redis.test' } }).observe();
    assert.equal(byName.state, 'answers');
  });

  it('refuses a certificate for other names, and says for which it is', async (t) => {
    const detail = await unusable(connect(t, primary, { tls: { ca, serverName: 'other.test' } }));
    assert.match(
      detail,
      /issued for DNS:redis\.test, IP Address:127\.0\.0\.1: set spec\.redis\.tls\.serverName/,
    );
  });

  it('refuses an authority that is not trusted', async (t) => {
    const other = await TlsAuthority.create();
    t.after(() => other.remove());
    for (const tls of [{ ca: await other.pem() }, { ca: 'no certificate' }, {}])
      assert.match(
        await unusable(connect(t, primary, { tls })),
        /not trusted here .* spec\.redis\.tls\.caFrom/,
      );
  });

  it('refuses a server without TLS, and says which port is wanted', async (t) => {
    const plain = connect(t, primary, {
      port: primary.server.port,
      tls: { ca },
      connectTimeoutMs: 1_000,
    });
    assert.match(await unusable(plain), /does not speak TLS on this port: give its tls-port/);
  });

  it('says that TLS is missing where the port speaks it', async (t) => {
    assert.match(await unusable(connect(t, primary, {})), /set spec\.redis\.tls$/);
  });

  it('says that the server wants certificates of its clients', async (t) => {
    const certificate = await authority.issue('IP:127.0.0.1');
    const strict = await startTlsRedis({ authority, certificate, settings: { 'tls-auth-clients': 'yes' } });
    t.after(() => strict.server.stop());
    assert.match(await unusable(connect(t, strict, { tls: { ca } })), /set tls-auth-clients no there$/);
  });

  it('sees a hung server as silent, not as one without TLS', async (t) => {
    const certificate = await authority.issue('IP:127.0.0.1');
    const hung = await startTlsRedis({ authority, certificate });
    t.after(() => hung.server.stop());
    await hung.server.kill('SIGSTOP');
    const view = await connect(t, hung, { tls: { ca }, connectTimeoutMs: 200 }).observe();
    assert.deepEqual(view, { state: 'silent' });
    await hung.server.kill();
    assert.deepEqual(await connect(t, hung, { tls: { ca } }).observe(), { state: 'refused' });
  });

  it('trusts the authorities of the system when none is given', async () => {
    const { host, password } = primary.server;
    const look = `
      import { RedisNode } from ${JSON.stringify(import.meta.resolve('../../controller/redis/redis-node.ts'))};
      import { Secret } from ${JSON.stringify(import.meta.resolve('../../controller/secret.ts'))};
      const node = new RedisNode({ host: '${host}', port: ${primary.tlsPort}, password: new Secret(process.env.PASSWORD),
        tls: {}, managedSettings: [], connectionName: 'understudy:tls', connectTimeoutMs: 3_000 });
      console.log((await node.observe()).state);
      node.close();`;
    const env = { ...process.env, PASSWORD: password, SSL_CERT_FILE: authority.certificateFile };
    const child = spawn(process.execPath, ['--input-type=module', '--eval', look], { env, stdio: 'pipe' });
    let said = '';
    child.stdout.on('data', (data) => {
      said += String(data);
    });
    await once(child, 'close');
    assert.equal(said.trim(), 'answers');
  });

  it('carries a whole hand-over, after which the roles are swapped and replication goes by TLS', async (t) => {
    const group = [primary, replica].map((at, index): GroupNode => {
      const name = index === 0 ? 'one' : 'two';
      const endpoint = { host: at.server.host, port: at.tlsPort };
      return { name, endpoint, redis: connect(t, at, { tls: { ca } }) };
    });
    const nodes = new Map(group.map((node) => [node.name, node]));
    const reach = { nodes, clock: monotonicClock(), commandTimeoutMs: patience.commandTimeoutMs };
    const writer = await primary.server.admin();
    await writer.set('key', 'written before');
    const action = { kind: 'handOver', from: 'one', to: 'two', epoch: 1, budgetMs: 20_000 } as const;
    const outcome = await executeAction(reach, action);
    assert.equal(outcome.kind, 'done', inspect(outcome));
    await until('the old primary to follow by TLS', async () => {
      const view = await nodes.get('one')?.redis.observe();
      return (
        view?.state === 'answers' &&
        view.role === 'replica' &&
        view.link === 'up' &&
        view.of.port === replica.tlsPort
      );
    });
    const reader = await replica.server.admin();
    assert.equal(await reader.get('key'), 'written before');
    assert.equal(await reader.set('key', 'written after'), 'OK');
  });
});
