/** From kubectl's patch to the bots on the other node: a real API server, the real controller, two real hosts with systemd. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Status } from '../../crd/status.ts';
import { run } from '../lab/command.ts';
import { until } from '../redis/until.ts';
import { groupDocument, groupName, nodeNames, units } from '../scenarios/group-document.ts';
import { missingKeys } from '../scenarios/held-keys.ts';
import { keysOf } from '../traffic/acked-keys.ts';
import { Traffic } from '../traffic/traffic.ts';
import { LabCluster } from './lab-cluster.ts';

const namespace = 'quantshift';
const watchUnit = `understudy-lease-${groupName}.service`;
let cluster: LabCluster;

before(async () => {
  cluster = await LabCluster.raise('k8s', namespace);
  await cluster.server.applyCrd();
  await cluster.server.kubectl(['create', 'namespace', namespace]);
  for (const node of nodeNames) await keepRedisDown(node);
});
after(() => cluster?.dispose());

const password = () => readFileSync(cluster.lab.passwordFile, 'utf8');

/** Redis's unit as FailoverReady wants it: it stays down when it has crashed. */
async function keepRedisDown(node: string): Promise<void> {
  const folder = '/etc/systemd/system/redis-server.service.d';
  await cluster.on(
    node,
    `mkdir -p ${folder} && cat >${folder}/stay-down.conf && systemctl daemon-reload`,
    '[Service]\nRestart=no\n',
  );
}

async function putSecret(name: string, data: Readonly<Record<string, string>>): Promise<void> {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: data };
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
}

/** A key pair of the controller's own: the public half is let in on both hosts. */
async function authorise(
  name: string,
): Promise<{ readonly privateKey: string; readonly fingerprint: string }> {
  const file = join(cluster.lab.folder, name);
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  for (const node of nodeNames)
    await cluster.on(node, 'cat >>/root/.ssh/authorized_keys', readFileSync(`${file}.pub`, 'utf8'));
  const [, fingerprint = ''] = (await run(['ssh-keygen', '-lf', file])).split(' ');
  return { privateKey: readFileSync(file, 'utf8'), fingerprint };
}

function document(): object {
  const { spec, ...rest } = groupDocument(cluster.lab) as {
    readonly metadata: object;
    readonly spec: { readonly redis: object };
  };
  const from = (name: string, key: string) => ({ secret: { name, key } });
  return {
    ...rest,
    spec: {
      ...spec,
      redis: { ...spec.redis, auth: { passwordFrom: from('redis-auth', 'password') } },
      ssh: {
        privateKeyFrom: from('understudy-ssh', 'ssh-key'),
        knownHostsFrom: from('understudy-ssh', 'known-hosts'),
      },
    },
  };
}

/** Writers outside that follow the primary while something happens; nothing acknowledged to them or the bots may be lost. */
async function losesNothing(happening: () => Promise<string>): Promise<void> {
  const { lab } = cluster;
  const traffic = await Traffic.start({
    endpoints: nodeNames.map((node) => ({ host: lab.address(node), port: 6379 })),
    password: password(),
    behind: lab.enter([]),
    writers: 3,
    restMs: 2,
    client: { connectTimeoutMs: 500, commandTimeoutMs: 1_000 },
  });
  try {
    const primary = await happening();
    const { ackedWrites } = await traffic.report();
    await traffic.acked(ackedWrites + 200);
    await traffic.stop();
    const { acked } = await traffic.report();
    const keys = [...keysOf(acked), ...cluster.ackedByBots()];
    assert.deepEqual(await missingKeys(lab, primary, keys), []);
  } finally {
    await traffic.close();
  }
}

/** The bots run on the node and nowhere else, and never ran on two at once. */
async function botsOnlyOn(node: string): Promise<void> {
  assert.deepEqual(
    await cluster.unitsOn(),
    units.map((unit) => `${unit} on ${node}`),
  );
  assert.equal(cluster.overlapMs(), 0);
}

async function switchTo(node: string): Promise<string> {
  const patch = JSON.stringify({ spec: { primary: node } });
  await cluster.kubectl(['patch', 'fg', groupName, '--type=merge', '-p', patch]);
  await cluster.untilLed(node);
  return node;
}

test('the group arrives: two Secrets, one manifest, and it is Ready with its bots beside the primary', async () => {
  const { privateKey } = await authorise('first');
  await putSecret('redis-auth', { password: password() });
  const knownHosts = readFileSync(cluster.lab.knownHostsFile, 'utf8');
  await putSecret('understudy-ssh', { 'ssh-key': privateKey, 'known-hosts': knownHosts });
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(document()));
  const { kubeconfig } = cluster.server;
  cluster.startController({ kubeconfig, leaseNamespace: namespace, identity: 'one' });
  await isReady();
  await cluster.untilLed('ct100');
  await botsOnlyOn('ct100');
});

const isReady = () => cluster.kubectl(['wait', '--for=condition=Ready', `fg/${groupName}`, '--timeout=60s']);

test('kubectl patch moves primary and bots, loses nothing, and describe tells the story', async () => {
  await losesNothing(() => switchTo('ct101'));
  await isReady();
  await botsOnlyOn('ct101');
  const told = await cluster.kubectl(['describe', 'fg', groupName]);
  assert.match(
    told,
    /SwitchoverStarted .* Switchover from ct100 to ct101 begins in epoch 2, because of Requested/,
  );
  assert.match(told, /SwitchoverCompleted .* Switchover from ct100 to ct101 is done .* 0 bytes lost/);
  assert.match(told, /Current Primary: +ct101/);
});

test('a primary whose Redis is killed is failed over with its bots; the annotation that it asks for moves both back', async () => {
  await cluster.on('ct101', 'systemctl kill --signal=KILL --kill-whom=main redis-server.service');
  const isMoved = ({ currentPrimary, transition }: Status) =>
    currentPrimary === 'ct100' && transition === undefined;
  const { epoch } = await cluster.untilStatus('ct100 leads', isMoved);
  await botsOnlyOn('ct100');
  await cluster.on('ct101', 'systemctl start redis-server.service');
  await cluster.untilLed('ct100');
  await losesNothing(async () => {
    await cluster.kubectl(['annotate', 'fg', groupName, `understudy.dev/failback=${epoch}`]);
    await cluster.untilLed('ct101');
    return 'ct101';
  });
  await botsOnlyOn('ct101');
});

test('a new SSH key is an edit of the Secret', async () => {
  const { privateKey, fingerprint } = await authorise('second');
  const patch = JSON.stringify({ stringData: { 'ssh-key': privateKey } });
  await cluster.kubectl(['patch', 'secret', 'understudy-ssh', '--type=merge', '-p', patch]);
  const accepted = (node: string) =>
    cluster.on(node, `journalctl --no-pager -u ssh | grep -c 'Accepted publickey.*${fingerprint}' || :`);
  for (const node of nodeNames) {
    await until(`${node} is reached by the new key`, async () => Number(await accepted(node)) > 0);
    // Whoever got in by the old key has to log in again.
    await cluster.on(node, "sed -i '/ first$/d' /root/.ssh/authorized_keys; kill $(pgrep -f '^sshd: root')");
  }
  await losesNothing(() => switchTo('ct100'));
  await botsOnlyOn('ct100');
});

test('a new password is an edit of the Secret, and the watch on each node knows it', async () => {
  const fresh = randomBytes(24).toString('base64url');
  const old = password();
  for (const node of nodeNames) await cluster.on(node, 'cat >/etc/quantshift/redis-password', fresh);
  await putSecret('redis-auth', { password: fresh });
  const takes = async (node: string, word: string) =>
    (await cluster.on(node, `REDISCLI_AUTH=$(cat) redis-cli PING 2>&1 || :`, word)).endsWith('PONG');
  for (const node of nodeNames)
    await until(`the old password is gone from ${node}`, async () => !(await takes(node, old)), {
      timeoutMs: 60_000,
      everyMs: 200,
    });
  writeFileSync(cluster.lab.passwordFile, fresh);
  await cluster.untilStatus('the rotation is over', ({ passwordRotation }) => passwordRotation === undefined);
  await cluster.untilLed('ct100');
  for (const node of nodeNames)
    for (const setting of ['requirepass', 'masterauth'])
      assert.match(
        await cluster.lab.redis(node, 'CONFIG', 'GET', setting),
        new RegExp(`${fresh}$`),
        `${setting} of ${node}`,
      );
  await carriesOn('ct100');
  await losesNothing(() => switchTo('ct101'));
  await botsOnlyOn('ct101');
});

/** Without a controller the watch looks at Redis itself: it finds the replica only if it gets in. */
async function carriesOn(node: string): Promise<void> {
  const runs = await cluster.standing(node);
  cluster.controller.signal('SIGSTOP');
  try {
    const state = () => cluster.on(node, `cat /run/understudy/${groupName}/state`);
    const said = await until('the lease has run out', async () => (await state()) !== 'armed' && state());
    assert.equal(said, 'carrying-on');
  } finally {
    cluster.controller.signal('SIGCONT');
  }
  assert.deepEqual(await cluster.standing(node), runs);
  await cluster.untilLed(node);
}

test('a group that is deleted leaves Redis and bots as they are, and no watch', async () => {
  const standing = async () => [await cluster.standing('ct100'), await cluster.standing('ct101')];
  const load = async (node: string) =>
    (await cluster.on(node, `systemctl show -P LoadState,ActiveState ${watchUnit}`)).split('\n');
  for (const node of nodeNames) assert.deepEqual(await load(node), ['loaded', 'active']);
  const before = await standing();
  await cluster.kubectl(['delete', 'fg', groupName, '--timeout=60s']);
  for (const node of nodeNames) assert.deepEqual(await load(node), ['not-found', 'inactive']);
  assert.deepEqual(await standing(), before);
  await botsOnlyOn('ct101');
});

test('no secret is in the log', () => {
  const said = JSON.stringify(cluster.controller.lines);
  assert.ok(!said.includes(password()) && !said.includes('PRIVATE KEY'));
});
