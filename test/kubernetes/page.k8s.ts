/**
 * docs/kubernetes.md, its own blocks in its own order, on a real API server and two real hosts. Root: it boots them.
 * There is no kubelet and no kube-controller-manager: pods are started by hand, and namespaces never finish to go.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Status } from '../../crd/status.ts';
import { makeBare } from '../lab/bare-redis.ts';
import { blocksOf, type PageBlock } from '../lab/page-blocks.ts';
import { until } from '../redis/until.ts';
import { nodeNames } from '../scenarios/group-document.ts';
import { condition } from './failover-stage.ts';
import { Installation } from './installation.ts';
import { LabCluster } from './lab-cluster.ts';
import { OwnDesk } from './own-desk.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
const page = read('kubernetes.md');
/** What is tried elsewhere, or needs what is not here. */
const untried = [
  /^docker build/m, // the image: test/deploy/image.test.ts
  /--watch$/m, // ends by Ctrl-C
  /-n argocd/, // Argo CD, and Flux
  /flux/,
  /overlays\/namespace/, // instead of step 2: installation.k8s.ts and rbac.k8s.ts
];
const group = 'quantshift';
const leftOvers = `ls -d /etc/understudy /etc/sudoers.d/understudy /etc/systemd/system/quantshift-*.d 2>/dev/null
  id -u understudy 2>/dev/null || :`;
const watches = "systemctl list-units --all --no-legend 'understudy-lease*'";

let cluster: LabCluster;
let desk: OwnDesk;
let installed: Installation;
/** The server is one for which the page has another overlay. */
let old: boolean;
const followed: string[] = [];
const password = () => readFileSync(cluster.lab.passwordFile, 'utf8').trim();

/** The blocks of a section that are tried. */
const blocks = (heading: string): PageBlock[] =>
  blocksOf(page, heading).filter(({ script }) => !untried.some((pattern) => pattern.test(script)));

/** Runs a block, and pastes where the page has the reader paste. `instead`: what stands for what is not here. */
async function follow(
  { where, script }: PageBlock,
  { pasted = password(), instead = (text: string) => text } = {},
): Promise<string> {
  followed.push(script);
  return desk.run(instead(script), where.includes('paste') ? `${pasted}\n` : '');
}

async function followAll(heading: string): Promise<string> {
  const seen: string[] = [];
  for (const block of blocks(heading)) seen.push(await follow(block));
  return seen.join('\n');
}

/** An older kubectl does not wait for what an edit asks: the page says so. */
const led = (by: string) =>
  cluster.untilStatus(
    `${by} leads, and its replica is in sync`,
    (status: Status) =>
      status.currentPrimary === by &&
      status.transition === undefined &&
      condition(status, 'Ready') === 'True' &&
      condition(status, 'ReplicaInSync') === 'True',
  );

async function botsOnlyOn(node: string): Promise<void> {
  const expected = ['equity', 'crypto'].map((bot) => `quantshift-${bot}.service on ${node}`);
  assert.deepEqual(await cluster.unitsOn(), expected);
  assert.equal(cluster.overlapMs(), 0, 'no program ever ran on two hosts');
}

/** Where clients of a Service of the group are sent. */
const endpoints = (role: string) =>
  cluster.kubectl([
    'get',
    'endpointslices',
    `--selector=kubernetes.io/service-name=${group}-${role}`,
    '--output=jsonpath={.items[*].endpoints[*].addresses[*]}',
  ]);

/** The processes that must not notice when nobody looks after the group any more. */
async function processes(): Promise<unknown[]> {
  const standing = [await cluster.standing('ct100'), await cluster.standing('ct101')];
  return standing.map((found) => Object.entries(found).filter(([name]) => name.endsWith('.service')));
}

/** Nobody is here to empty a namespace that goes; an old server has its own overlay, as the page says. */
function asHere(script: string): string {
  const unwaited = script.replaceAll(/^kubectl delete .*/gm, '$& --wait=false');
  return old ? unwaited.replace('overlays/cluster', 'overlays/kubernetes-1.20') : unwaited;
}

/** The hosts as docs/two-hosts.md prepares them. */
async function prepareHosts(): Promise<void> {
  const { lab } = cluster;
  for (const node of nodeNames) {
    await makeBare(lab, node);
    for (const heading of ['1. ', '2. '])
      for (const { script } of blocksOf(read('two-hosts.md'), heading)) await cluster.on(node, script);
  }
}

before(async () => {
  cluster = await LabCluster.raise('page', group);
  desk = new OwnDesk(cluster);
  await prepareHosts();
});
after(async () => {
  desk?.close();
  await cluster?.dispose();
});

test('2: the installation is taken as the page has it; a pod of it leads', async () => {
  const [install] = blocks('2. ');
  assert.ok(install);
  old = !(await cluster.server.kubectl(['api-versions'])).includes('policy/v1\n');
  const [, forOld = ''] = /On Kubernetes 1\.20.*?`(kubectl apply [^`]*)`/.exec(page) ?? [];
  const [apply = '', rollout = '', lease = ''] = install.script.trim().split('\n');
  followed.push(install.script);
  await desk.run(old ? forOld : apply);
  assert.match(rollout, /rollout status deployment\/understudy-controller$/);
  installed = await Installation.render(cluster.server, 'cluster');
  const deployment = await desk.run(rollout.replace(/rollout status (\S+)/, 'get $1 --output=name'));
  assert.match(deployment, /^deployment/);
  // In place of the kubelet: the Deployment's arguments, and a token of its ServiceAccount.
  const terms = await installed.controllerTerms('pod-1');
  await cluster.startController(terms).leads();
  assert.match(await desk.run(lease), /understudy-controller +pod-1_/);
});

test('3: the secrets are made from files', async () => {
  const seen = await followAll('3. ');
  for (const node of nodeNames) {
    const own = await cluster.on(node, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
    const [, fingerprint = '?'] = own.split(' ');
    assert.ok(seen.includes(fingerprint), 'the fingerprints can be compared');
  }
  const kept = await cluster.kubectl(['get', 'secret', 'redis-auth', '--output=jsonpath={.data.password}']);
  assert.equal(Buffer.from(kept, 'base64').toString(), password());
});

test('4: the login, and the plan', async () => {
  const seen = await followAll('4. ');
  for (const expected of [
    /: valid/,
    /Tried: .* on ct100 and nothing else[\s\S]*Tried: .* on ct101 and nothing else/,
    /Start quantshift-equity[\s\S]*Make ct101 a replica/,
  ])
    assert.match(seen, expected);
  assert.equal(
    await desk.run('ls -d secrets || :'),
    "ls: cannot access 'secrets': No such file or directory\n",
  );
});

test('5: the group, paused first', async () => {
  const [paused, going] = blocks('5. ');
  assert.ok(paused && going);
  assert.match(await follow(paused), /Type: +Paused/);
  for (const node of nodeNames)
    assert.match(await cluster.lab.redis(node, 'ROLE'), /^master/, 'a paused group is left alone');
  const file = 'deploy/kubernetes/examples/quantshift.yaml';
  const manifest = desk.read(file);
  const unpaused = manifest.replace(/^ +paused: true.*\n/m, '');
  assert.notEqual(unpaused, manifest);
  writeFileSync(join(desk.clone, file), unpaused);
  const seen = await follow(going);
  const [, header = ''] = /```\n(NAME[^\n]*)/.exec(page) ?? [];
  assert.ok(seen.includes(header), `${header} is not in ${seen}`);
  assert.match(seen, /^quantshift +ct100 +ct100 +True +0 /m);
  await botsOnlyOn('ct100');
});

test('6: the first switchover, and back', async () => {
  const [there, back] = blocks('6. ');
  assert.ok(there && back);
  assert.match(await follow(there), /quantshift/);
  await led('ct101');
  await botsOnlyOn('ct101');
  const story = await desk.run(`kubectl -n ${group} describe fg ${group}`);
  assert.match(story, /SwitchoverCompleted[^\n]*ct100 to ct101/);
  assert.match(story, /Last Transition:[\s\S]*Lost Bytes: +0/);
  await until('the Services have followed', async () => (await endpoints('primary')) === '10.92.3.28');
  assert.equal(await endpoints('replicas'), '10.92.3.27');
  await follow(back);
  await led('ct100');
  await botsOnlyOn('ct100');
});

test('a new password, a new key: what comes later needs both', async () => {
  const [change, newKey] = blocks('A new password');
  assert.ok(change && newKey);
  const [old, fresh] = [password(), randomBytes(24).toString('base64url')];
  for (const node of nodeNames) await cluster.on(node, 'cat >/etc/quantshift/redis-password', fresh);
  await follow(change, { pasted: fresh });
  const refused = async (node: string) =>
    !(await cluster.on(node, 'REDISCLI_AUTH=$(cat) redis-cli PING 2>&1 || :', old)).endsWith('PONG');
  for (const node of nodeNames)
    await until(`the old password is gone from ${node}`, () => refused(node), {
      timeoutMs: 60_000,
      everyMs: 200,
    });
  writeFileSync(cluster.lab.passwordFile, fresh);
  assert.match(await follow(newKey), /on ct100 and nothing else[\s\S]*on ct101 and nothing else/);
  // Who is in by the old key stays in until the session ends.
  for (const node of nodeNames) await cluster.on(node, 'pkill -u understudy sshd || :');
  await led('ct100');
  await botsOnlyOn('ct100');
});

test('after a failover: back when it is said', async () => {
  const [back] = blocks('After a failover');
  assert.ok(back);
  await cluster.on('ct100', 'systemctl kill -s KILL redis-server');
  const { conditions } = await cluster.untilStatus(
    'ct101 has taken over, with the programs',
    (status) =>
      status.currentPrimary === 'ct101' &&
      status.transition === undefined &&
      condition(status, 'UnitsPlaced') === 'True',
  );
  const asked = conditions?.find(({ type }) => type === 'PrimaryAsRequested');
  assert.deepEqual([asked?.status, asked?.reason], ['False', 'FailedOver']);
  await botsOnlyOn('ct101');
  await cluster.on('ct100', 'systemctl start redis-server');
  await led('ct101');
  await follow(back);
  await led('ct100');
  await botsOnlyOn('ct100');
});

test('no secret is in the log or in what the cluster shows of the group', async () => {
  const shown = await cluster.kubectl(['get', 'fg,events,services,endpointslices', '-o', 'yaml']);
  for (const text of [JSON.stringify(cluster.controller.lines), shown])
    assert.ok(!text.includes(password()) && !text.includes('PRIVATE KEY'));
});

test('away with it: Redis and the programs go on, and nothing of it is left on the hosts', async () => {
  const [letGo, uninstall, remove] = blocks('Away with it');
  assert.ok(letGo && uninstall && remove);
  const before = await processes();
  await follow(letGo);
  for (const node of nodeNames) assert.equal(await cluster.on(node, watches), '');
  assert.match(await cluster.lab.redis('ct100', 'CONFIG', 'GET', 'min-replicas-to-write'), /\n0$/);
  assert.match(await follow(uninstall), /Taken away from ct100[\s\S]*Taken away from ct101/);
  for (const node of nodeNames) assert.equal(await cluster.on(node, leftOvers), '');
  assert.deepEqual(await processes(), before);
  await botsOnlyOn('ct100');
  assert.match(await follow(remove, { instead: asHere }), /No resources found/);
  const kinds = 'deployments,poddisruptionbudgets,serviceaccounts,roles,services';
  assert.equal(await cluster.server.kubectl(['-n', installed.namespace, 'get', kinds, '-o', 'name']), '');
  await until('the CRD is gone', async () => {
    const names = await cluster.server.kubectl(['get', 'crd', '-o', 'name']);
    return !names.includes('failovergroups');
  });
});

test('nothing of the page was left out, but for what is named here', () => {
  const all = [...page.matchAll(/```sh\n# on [^\n]+\n([\s\S]*?)```/g)].map(([, script = '']) => script);
  const missed = all.filter((script) => !followed.includes(script));
  assert.deepEqual(
    missed.filter((script) => !untried.some((pattern) => pattern.test(script))),
    [],
  );
  assert.equal(missed.length, untried.length);
});
