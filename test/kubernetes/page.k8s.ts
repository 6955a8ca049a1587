/**
 * docs/kubernetes.md, its own blocks in its own order, with kubectl, a real API server and two real hosts. Root: it
 * boots them. There is no kubelet: of each installation one pod is started by hand.
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
import { AbsentParts } from './absent-parts.ts';
import { condition } from './failover-stage.ts';
import { Installation, type Overlay } from './installation.ts';
import { LabCluster } from './lab-cluster.ts';
import { OwnDesk } from './own-desk.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
const page = read('kubernetes.md');
/** What is tried elsewhere, or needs what is not here. */
const untried = [
  /^docker build/m, // the image: test/deploy/image.test.ts
  /-n argocd/, // Argo CD, and Flux
  /flux/,
];
const group = 'quantshift';
const deployment = 'understudy-controller';
const leftOvers = `ls -d /etc/understudy /etc/sudoers.d/understudy /etc/systemd/system/quantshift-*.d 2>/dev/null
  id -u understudy 2>/dev/null || :`;
const watches = "systemctl list-units --all --no-legend 'understudy-lease*'";

let cluster: LabCluster;
let desk: OwnDesk;
let parts: AbsentParts;
/** The server is one for which the page has another overlay. */
let old: boolean;
const followed: string[] = [];
const password = () => readFileSync(cluster.lab.passwordFile, 'utf8').trim();

/** The blocks of a section that are tried. */
const blocks = (heading: string): PageBlock[] =>
  blocksOf(page, heading).filter(({ script }) => !untried.some((pattern) => pattern.test(script)));

/** Runs a block, and pastes where the page has the reader paste; what only Ctrl-C ends is watched for a moment. */
async function follow({ where, script }: PageBlock, pasted = password()): Promise<string> {
  followed.push(script);
  const here = old ? forOld(script) : script;
  if (where.includes('Ctrl-C ends it')) return desk.run(`timeout 2 sh -c '${here}' || [ $? = 124 ]`);
  return desk.run(here, where.includes('paste') ? `${pasted}\n` : '');
}

/** What the page has those do whose Kubernetes is 1.20. */
const forOld = (script: string): string =>
  script
    .replaceAll('kubectl apply -k', 'kubectl apply --validate=false -k')
    .replaceAll(/overlays\/(cluster|namespace)/g, 'overlays/kubernetes-1.20');

/** A pod comes up as soon as there is a Deployment: its arguments, and a token of its ServiceAccount. */
async function deployed(overlay: Overlay): Promise<void> {
  const installed = await Installation.render(cluster.server, overlay);
  const { namespace } = installed;
  await parts.deployed(namespace, deployment);
  await cluster.startController(await installed.controllerTerms(`${overlay}-pod-1`)).leads();
  await parts.rollOut(namespace, deployment);
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
  parts = new AbsentParts(cluster.server);
  desk = new OwnDesk(cluster);
  old = !(await cluster.server.kubectl(['api-versions'])).split('\n').includes('policy/v1');
  await prepareHosts();
});
after(async () => {
  desk?.close();
  await cluster?.dispose();
});

test('2: the installation', async () => {
  const [seen] = await Promise.all([followAll('2. '), deployed('cluster')]);
  assert.match(seen, /successfully rolled out[\s\S]*understudy-controller +cluster-pod-1_/);
  if (old) assert.ok(page.includes(forOld('`kubectl apply -k deploy/kubernetes/overlays/cluster`')));
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
  desk.edit('deploy/kubernetes/examples/quantshift.yaml', (text) => text.replace(/^ +paused: true.*\n/m, ''));
  const seen = await follow(going);
  const [, header = ''] = /```\n(NAME[^\n]*)/.exec(page) ?? [];
  assert.ok(seen.includes(header), `${header} is not in ${seen}`);
  assert.match(seen, /^quantshift +ct100 +ct100 +True +0 /m);
  await botsOnlyOn('ct100');
});

test('6: the first switchover, and back', async () => {
  const [there, watch, back] = blocks('6. ');
  assert.ok(there && watch && back);
  assert.match(await follow(there), /quantshift/);
  await led('ct101');
  await botsOnlyOn('ct101');
  const story = await desk.run(`kubectl -n ${group} describe fg ${group}`);
  assert.match(story, /SwitchoverCompleted[^\n]*ct100 to ct101/);
  assert.match(story, /Last Transition:[\s\S]*Lost Bytes: +0/);
  await until('the Services have followed', async () => (await endpoints('primary')) === '10.92.3.28');
  assert.equal(await endpoints('replicas'), '10.92.3.27');
  assert.match(await follow(watch), /^quantshift +ct101 +ct101 +True/m);
  await follow(back);
  await led('ct100');
  await botsOnlyOn('ct100');
});

test('a new password, a new key: what comes later needs both', async () => {
  const [change, newKey] = blocks('A new password');
  assert.ok(change && newKey);
  const [old, fresh] = [password(), randomBytes(24).toString('base64url')];
  for (const node of nodeNames) await cluster.on(node, 'cat >/etc/quantshift/redis-password', fresh);
  await follow(change, fresh);
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
  const shown = await cluster.kubectl(['get', 'failovergroups,events,services,endpointslices', '-o', 'yaml']);
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
  const gone = ['understudy-system', group].map((name) => parts.endNamespace(name));
  const [seen] = await Promise.all([follow(remove), ...gone]);
  assert.match(seen, /No resources found/);
  const kinds = 'crd,clusterroles,clusterrolebindings,deployments,serviceaccounts,roles';
  const left = await cluster.server.kubectl(['get', kinds, '--all-namespaces', '-o', 'name']);
  assert.deepEqual(
    left.split('\n').filter((name) => name.includes('understudy')),
    [],
  );
});

test('one namespace, instead', async () => {
  const file = 'deploy/kubernetes/overlays/kubernetes-1.20/kustomization.yaml';
  if (old) desk.edit(file, (text) => text.replace('../cluster', '../namespace'));
  const [seen] = await Promise.all([followAll('One namespace'), deployed('namespace')]);
  assert.match(seen, /successfully rolled out/);
  const roles = await cluster.server.kubectl(['get', 'clusterrolebindings', '-o', 'name']);
  assert.doesNotMatch(roles, /understudy/);
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
