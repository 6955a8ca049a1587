import assert from 'node:assert/strict';
import { it } from 'node:test';
import { group, type NodeStage } from './node-stage.ts';
import { onShells } from './on-shells.ts';

const equity = 'quantshift-equity.service';
const crypto = 'quantshift-crypto.service';
const run = `root/run/understudy/${group}`;
const peers = '10.92.3.28:6379,ct102:6380';

const replica = (fields: string) =>
  `role:master\r\nconnected_slaves:1\r\nslave0:${fields}\r\nmaster_replid:ab\r\n`;
const acked = 'ip=10.92.3.28,port=6379,state=online,offset=42,lag=1';

interface Watched {
  readonly until?: string;
  readonly peers?: string;
  /** What happens at an uptime, in hundredths of a second: sh, in the stage's folder. */
  readonly after?: Readonly<Record<number, string>>;
  /** The uptime (s) at which the watch is ended. */
  readonly end?: number;
}

/** Runs the watch from uptime 1000 and tells the states that it went through: `SECONDS STATE`. */
async function watch(stage: NodeStage, { until = '1002', after = {}, end = 1006, ...rest }: Watched = {}) {
  await stage.put(`${run}/terms`, `abc1 3 6379 ${rest.peers ?? peers} ${equity} ${crypto}\n`);
  await stage.put(`${run}/lease`, `${until}\n`);
  await stage.put(`${run}/login`, 'default\nsecret\n');
  for (const unit of [equity, crypto]) await stage.put(`${run}/permits/${unit}`, '');
  for (const [at, step] of Object.entries({ [end * 100]: `rm ${run}/terms`, ...after }))
    await stage.put(`state/after/${at}`, step);
  const { code, stderr } = await stage.run(['watch', group]);
  assert.equal(code, 0, stderr);
  const states: string[] = [];
  for (const line of ((await stage.get('state/trace')) ?? '').trim().split('\n')) {
    const [at, state] = line.split(' ');
    if (states.at(-1)?.split(' ')[1] !== state) states.push(`${Number(at) / 100} ${state}`);
  }
  return states;
}

onShells('the watch', (stage) => {
  const states = (equityState: string, cryptoState: string) => async () =>
    assert.deepEqual(
      [await stage().stateOf(equity), await stage().stateOf(crypto)],
      [equityState, cryptoState],
    );
  const ran = states('active', 'active');
  const ended = states('inactive', 'inactive');
  const set = async (replication: string, role = 'master') => {
    await stage().unit(equity, 'active');
    await stage().unit(crypto, 'active');
    await stage().put('state/replication', replication);
    await stage().put('state/role', `${role}\n0\n`);
  };
  const configSets = async () => (await stage().called()).filter((line) => line.includes('config set'));

  it('does nothing while the lease lasts', async () => {
    await set(replica(acked));
    assert.deepEqual(await watch(stage(), { until: '1100' }), ['1001 armed']);
    await ran();
    assert.ok(await stage().hasPermit(equity));
    assert.deepEqual(
      (await stage().called()).filter((line) => line.startsWith('systemctl')),
      [],
    );
  });

  it('carries on without a lease while a replica acknowledges', async () => {
    await set(replica(acked));
    assert.deepEqual(await watch(stage()), ['1001 armed', '1003 carrying-on']);
    await ran();
    assert.ok(await stage().hasPermit(equity));
    assert.deepEqual(await configSets(), []);
  });

  const noReplicas: Readonly<Record<string, string>> = {
    'none is attached': 'role:master\r\nconnected_slaves:0\r\n',
    'it lags by 3 s': replica(acked.replace('lag=1', 'lag=3')),
    'it lags by 12 s': replica(acked.replace('lag=1', 'lag=12')),
    'it never acknowledged': replica(acked.replace('lag=1', 'lag=-1')),
    'it is still syncing': replica(acked.replace('online', 'wait_bgsave')),
    'it is of no peer': replica(acked.replace('10.92.3.28', '10.92.3.29')),
    'its port is of no peer': replica(acked.replace('6379', '6390')),
    'its address only begins as a peer does': replica(acked.replace('10.92.3.28', '10.92.3.2')),
    'Redis says nothing of it': '',
  };
  for (const [why, replication] of Object.entries(noReplicas))
    it(`ends the units and refuses writes when no replica counts: ${why}`, async () => {
      await set(replication);
      assert.deepEqual(await watch(stage(), { end: 1004 }), ['1001 armed', '1003 expired']);
      await ended();
      assert.ok(!(await stage().hasPermit(equity)));
      assert.ok(!(await stage().hasPermit(crypto)));
      assert.ok((await configSets()).every((line) => line.endsWith('config set min-replicas-to-write 1')));
      assert.ok((await configSets()).length > 0);
    });

  const counted: Readonly<Record<string, string>> = {
    'in the form of Redis 7': replica(acked),
    'in the form of Valkey 8': replica(`${acked},type=replica`),
    'with a lag of 0': replica(acked.replace('lag=1', 'lag=0')),
    'with a lag of 2': replica(acked.replace('lag=1', 'lag=2')),
    'after another that does not count': replica(`${acked.replace('28', '99')}\r\nslave1:${acked}`),
    'known by its name': replica(acked.replace('10.92.3.28,port=6379', '10.92.3.77,port=6380')),
    'announcing its name': replica(acked.replace('10.92.3.28,port=6379', 'ct102,port=6380')),
  };
  for (const [how, replication] of Object.entries(counted))
    it(`counts a replica ${how}`, async () => {
      await set(replication);
      await stage().put('state/hosts', '10.92.3.77   STREAM ct102\n10.92.3.77   DGRAM\n');
      assert.deepEqual(await watch(stage(), { until: '1005', end: 1008 }), [
        '1001 armed',
        '1006 carrying-on',
      ]);
      await ran();
    });

  it('knows names from before the cut: it asks for none when it has to decide', async () => {
    await set(replica(acked.replace('10.92.3.28,port=6379', '10.92.3.77,port=6380')));
    await stage().put('state/hosts', '10.92.3.77   STREAM ct102\n');
    const after = { 100300: 'rm state/hosts; : >state/log' };
    assert.deepEqual(await watch(stage(), { until: '1005', end: 1008, after }), [
      '1001 armed',
      '1006 carrying-on',
    ]);
    assert.deepEqual(
      (await stage().called()).filter((line) => line.startsWith('getent')),
      [],
    );
  });

  it('looks no name up when all peers are addresses', async () => {
    await set(replica(acked));
    const alone = { until: '1005', end: 1008, peers: '10.92.3.28:6379' };
    assert.deepEqual(await watch(stage(), alone), ['1001 armed', '1006 carrying-on']);
    assert.deepEqual(
      (await stage().called()).filter((line) => line.startsWith('getent')),
      [],
    );
  });

  it('asks nothing shortly before the end of the lease: its look is on time', async () => {
    await set(replica(acked));
    await watch(stage(), { until: '1002.5', end: 1002 });
    assert.deepEqual(await stage().called(), []);
  });

  it('kills what has not ended by the deadline, and not before', async () => {
    await set('');
    await stage().unit(equity, 'active', {
      'on-stop': 'echo deactivating >ActiveState',
      'on-kill': 'cat ../../../root/proc/uptime >killed-at; echo failed >ActiveState',
    });
    await watch(stage(), { end: 1010 });
    assert.equal(await stage().stateOf(equity), 'failed');
    // Seen at 1002; 3 s later.
    const at = Number.parseFloat((await stage().get(`state/units/${equity}/killed-at`)) ?? '');
    assert.ok(at >= 1005 && at <= 1005.25, String(at));
  });

  it('sets nothing on a replica', async () => {
    await set('role:slave\r\n', 'slave');
    assert.deepEqual(await watch(stage(), { end: 1004 }), ['1001 armed', '1003 expired']);
    await ended();
    assert.deepEqual(await configSets(), []);
  });

  it('ends the units too when Redis hangs', async () => {
    await set(replica(acked));
    await stage().put('state/silent', '');
    assert.deepEqual(await watch(stage(), { end: 1004 }), ['1001 armed', '1003 expired']);
    await ended();
  });

  it('refuses writes again every second, in case Redis restarts', async () => {
    await set('');
    await watch(stage(), { end: 1006 });
    assert.ok((await configSets()).length >= 4);
  });

  it('ends what somebody starts while there is no lease', async () => {
    await set('');
    await watch(stage(), { end: 1008, after: { 100500: `echo active >state/units/${equity}/ActiveState` } });
    await ended();
  });

  it('stops also what is down, when the lease ends: a start may be queued', async () => {
    await set('');
    await stage().unit(equity, 'inactive');
    await stage().unit(crypto, 'inactive');
    await watch(stage());
    assert.equal((await stage().called()).filter((line) => line.startsWith('systemctl stop')).length, 1);
  });

  it('is armed again by a renewal, and starts nothing', async () => {
    await set('');
    const after = { 100500: `echo 1100 >${run}/lease` };
    assert.deepEqual(await watch(stage(), { after, end: 1008 }), [
      '1001 armed',
      '1003 expired',
      '1006 armed',
    ]);
    await ended();
    assert.deepEqual(
      (await stage().called()).filter((line) => line.startsWith('systemctl start')),
      [],
    );
  });

  it('carries on when a replica attaches again, and starts nothing', async () => {
    await set('');
    await stage().put('state/later', replica(acked));
    const after = { 100500: 'cp state/later state/replication' };
    assert.deepEqual(await watch(stage(), { after, end: 1008 }), [
      '1001 armed',
      '1003 expired',
      '1006 carrying-on',
    ]);
    await ended();
  });

  it('shows the password to Redis alone', async () => {
    await set(replica(acked));
    await watch(stage());
    assert.match((await stage().get('state/passwords')) ?? '', /^(secret\n)+$/);
    assert.doesNotMatch((await stage().called()).join('\n'), /secret/);
    assert.match(
      (await stage().called()).join('\n'),
      /redis-cli --no-auth-warning .*--user default info replication/,
    );
  });

  it('speaks TLS when it was told to', async () => {
    await set(replica(acked));
    await stage().put(`${run}/ca`, '');
    await watch(stage(), { end: 1003 });
    assert.match((await stage().called()).at(-1) ?? '', /--tls -h 127\.0\.0\.1/);
    await stage().put(`${run}/ca`, 'PEM\n');
    await watch(stage(), { end: 1006, until: '1000' });
    assert.match((await stage().called()).at(-1) ?? '', /--tls --cacert \S+\/ca -h 127\.0\.0\.1/);
  });

  it('finds a Redis that does not listen on the loopback', async () => {
    await set(replica(acked));
    await stage().put('state/listens', '10.92.3.27');
    await stage().put('state/own-addresses', '192.168.1.5 10.92.3.27\n');
    assert.deepEqual(await watch(stage(), { until: '1005', end: 1008 }), ['1001 armed', '1006 carrying-on']);
  });
});
