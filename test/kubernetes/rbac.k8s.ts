/** The controller's rights exactly as deploy/kubernetes grants them: enough for everything, and not one too many. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../redis/until.ts';
import { everywhere, may } from './access-review.ts';
import { ApiServer, type User } from './api-server.ts';
import { AuditLog, type Judged } from './audit-log.ts';
import { ControllerProcess } from './controller-process.ts';
import { type Grant, Installation } from './installation.ts';
import { OwnGroup } from './own-group.ts';
import { RbacJourney } from './rbac-journey.ts';

const folder = mkdtempSync(join(tmpdir(), 'understudy-rbac-'));
const audit = new AuditLog(folder);
/** Off by default; where it is on, who sets blockOwnerDeletion must be able to set the owner's finalizers. */
const strict = '--enable-admission-plugins=OwnerReferencesPermissionEnforcement';
/** Nobody asks for it: the API server looks it up itself when such an owner reference is set. */
const neverAsked = 'update understudy.dev/failovergroups/finalizers';
const elsewhere = 'elsewhere';
let server: ApiServer;

before(async () => {
  server = await ApiServer.start({ flags: [...audit.flags, strict] });
  await server.kubectl(['create', 'namespace', elsewhere]);
});

after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const grantText = ({ verb, group, resource }: Grant | Judged): string =>
  `${verb} ${group || 'core'}/${resource}`;

/** Everything that the controller does, under the rights of one overlay; what it asked for meanwhile. */
async function travel(installed: Installation, namespace: string): Promise<readonly Judged[]> {
  const { mark } = audit;
  const replicas = [
    await installed.controllerTerms('pod-1'),
    await installed.controllerTerms('pod-2'),
  ] as const;
  const { kubeconfig } = server;
  await RbacJourney.travel({ kubeconfig, namespace, leaseNamespace: installed.namespace, replicas });
  return audit.of(installed.user, mark).filter(({ resource }) => resource !== '');
}

function assertEnoughAndNoMore(installed: Installation, asked: readonly Judged[]): void {
  const denied = asked.filter(({ code }) => code === 403);
  assert.deepEqual(denied, [], 'nothing is denied');
  const used = [...new Set(asked.map(grantText))].sort();
  const granted = [...new Set(installed.grants.map(grantText))]
    .filter((grant) => grant !== neverAsked)
    .sort();
  assert.deepEqual(used, granted, 'what is used is what is granted');
  // Not by what the server gives to everybody who is logged in.
  const bindings = asked.filter(
    ({ why }) => !/(Role|ClusterRole) "understudy-(controller|leader)"/.test(why),
  );
  assert.deepEqual(bindings, []);
}

const accountOf = ({ user }: Installation): User => ({
  name: user,
  groups: ['system:serviceaccounts', 'system:authenticated'],
});

describe('the whole cluster', () => {
  let installed: Installation;
  before(async () => {
    installed = await Installation.render(server, 'cluster');
    await installed.apply();
    await server.kubectl(['create', 'namespace', 'prod']);
  });
  after(() => installed.remove());

  test('nothing is denied, and every rule is used', async () => {
    assertEnoughAndNoMore(installed, await travel(installed, 'prod'));
  });

  test('without the right to the finalizers of groups, a strict server refuses their Services', async () => {
    await withoutRule(installed, 'failovergroups/finalizers');
    const group = new OwnGroup(server.kubeconfig, elsewhere, 'refused');
    await group.createSecret('nobody asks for it');
    await group.create([1, 2]);
    const { mark } = audit;
    const controller = ControllerProcess.start(await installed.controllerTerms('pod-3'));
    try {
      const refusal = await refused(installed, mark);
      assert.match(grantText(refusal), /^create (core\/services|discovery.k8s.io\/endpointslices)$/);
      await group.until('an Event tells why', group.beside('events'), (list) =>
        JSON.stringify(list).includes('cannot set blockOwnerDeletion'),
      );
    } finally {
      await controller.kill();
      await group.abandon();
      await installed.apply();
    }
  });
});

/** The role of the account, bound as it is, but without what it says of that resource. */
async function withoutRule(installed: Installation, resource: string): Promise<void> {
  const role = installed.the('ClusterRole');
  const all = installed.objects.filter(({ kind }) => kind === 'ClusterRole');
  const mine = all.find(({ metadata }) => metadata.name === 'understudy-controller') ?? role;
  const rules = (mine.rules as readonly { readonly resources: readonly string[] }[]).filter(
    ({ resources }) => !resources.includes(resource),
  );
  await server.kubectl(['replace', '-f', '-'], JSON.stringify({ ...mine, rules }));
}

/** Resolves to the first refusal. */
function refused(installed: Installation, mark: number): Promise<Judged> {
  return until('a refusal', async () => audit.of(installed.user, mark).find(({ code }) => code === 403), {
    timeoutMs: 60_000,
    everyMs: 50,
  });
}

describe('one namespace', () => {
  let installed: Installation;
  before(async () => {
    installed = await Installation.render(server, 'namespace');
    await installed.apply();
  });
  after(() => installed.remove());

  test('nothing is denied, every rule is used, and groups elsewhere are left alone', async () => {
    const stranger = new OwnGroup(server.kubeconfig, elsewhere, 'stranger');
    await stranger.create([1, 2]);
    const asked = await travel(installed, installed.namespace);
    assertEnoughAndNoMore(installed, asked);
    assert.deepEqual([...new Set(asked.map(({ namespace }) => namespace))], [installed.namespace]);
    const left = await stranger.get(stranger.path);
    assert.deepEqual([left?.status, left?.metadata.finalizers], [undefined, undefined]);
    await stranger.abandon();
  });

  test('nothing of another namespace can be seen or changed', async () => {
    const { kubeconfig } = server;
    const user = accountOf(installed);
    for (const grant of installed.grants) {
      for (const namespace of [elsewhere, everywhere])
        assert.equal(await may(kubeconfig, user, { ...grant, namespace }), false, grantText(grant));
    }
    const own = { verb: 'list', group: '', resource: 'secrets', namespace: installed.namespace };
    assert.equal(await may(kubeconfig, user, own), true);
  });

  test('of the Leases beside it, only its own can be changed', async () => {
    const { kubeconfig } = server;
    const lease = { group: 'coordination.k8s.io', resource: 'leases', namespace: installed.namespace };
    for (const [name, expected] of [
      ['understudy-controller', true],
      ['kube-scheduler', false],
    ] as const)
      for (const verb of ['get', 'update'])
        assert.equal(await may(kubeconfig, accountOf(installed), { ...lease, verb, name }), expected, name);
  });
});
