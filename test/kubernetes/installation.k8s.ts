/** What deploy/kubernetes renders, at a real API server: taken as it is, unchanged by a second time, and for whom. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KubeAccess, type KubeObject } from '../../controller/kubernetes/kube-access.ts';
import { may } from './access-review.ts';
import { ApiServer } from './api-server.ts';
import { Installation, type Overlay } from './installation.ts';
import { OwnGroup } from './own-group.ts';

const overlays: readonly Overlay[] = ['cluster', 'namespace'];
let server: ApiServer;

before(async () => {
  server = await ApiServer.start();
});

after(() => server?.stop());

/** What of the wanted is not so, by its path; what the server adds is none of it. */
function missing(wanted: unknown, live: unknown, path = ''): string[] {
  if (typeof wanted !== 'object' || wanted === null)
    return wanted === live ? [] : [`${path}: ${JSON.stringify(wanted)}, but ${JSON.stringify(live)}`];
  const there = (live ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).flatMap(([key, value]) => missing(value, there[key], `${path}.${key}`));
}

async function apply(installed: Installation): Promise<readonly KubeObject[]> {
  const flags = ['--server-side', '--validate=false', '--field-manager=gitops', '-o', 'json'];
  const text = await server.kubectl(['apply', ...flags, '-f', '-'], installed.text);
  return itemsOf(text);
}

const itemsOf = (list: string): readonly KubeObject[] =>
  (JSON.parse(list) as { readonly items: readonly KubeObject[] }).items;

const nameOf = ({ kind, metadata: { namespace = '', name } }: KubeObject): string =>
  `${kind} ${namespace}/${name}`;

for (const overlay of overlays)
  describe(`overlay ${overlay}`, () => {
    let installed: Installation;
    before(async () => {
      installed = await Installation.render(server, overlay);
      if (overlay === 'namespace') await server.kubectl(['create', 'namespace', installed.namespace]);
    });

    test('the server keeps every field of every object, and a second time changes nothing', async () => {
      const first = await apply(installed);
      const live = new Map(first.map((object) => [nameOf(object), object]));
      for (const object of installed.objects)
        assert.deepEqual(missing(object, live.get(nameOf(object))), [], nameOf(object));
      const versions = (objects: readonly KubeObject[]) =>
        objects.map((object) => [nameOf(object), object.metadata.resourceVersion]);
      // The server's own hand in it comes a moment later.
      await server.kubectl(['wait', '--for=condition=Established', '--timeout=60s', `crd/${installed.crd}`]);
      const settled = await server.kubectl(['get', '-o', 'json', '-f', '-'], installed.text);
      assert.deepEqual(versions(await apply(installed)), versions(itemsOf(settled)));
    });

    test('everything of the controller’s that lives in a namespace lives in its own', () => {
      const spaces = installed.objects.map(({ metadata: { namespace } }) => namespace).filter((one) => one);
      assert.deepEqual([...new Set(spaces)], [installed.namespace]);
    });

    test('Secrets are read cluster-wide only where the groups are', () => {
      const wide = installed.objects.filter(({ kind }) => kind === 'ClusterRole');
      const reads = wide.filter(({ rules }) => JSON.stringify(rules).includes('"secrets"'));
      assert.equal(reads.length, overlay === 'cluster' ? 1 : 0);
    });
  });

describe('people', () => {
  const namespace = 'people';
  const everybody = 'system:authenticated';
  const group = 'understudy.dev';
  const groups = 'failovergroups';
  let own: OwnGroup;

  before(async () => {
    await server.kubectl(['create', 'namespace', namespace]);
    await aggregate(server.kubeconfig);
    for (const role of ['view', 'edit', 'admin'])
      await server.kubectl([
        'create',
        'rolebinding',
        role,
        `--clusterrole=${role}`,
        `--user=${role}er`,
        '-n',
        namespace,
      ]);
    own = new OwnGroup(server.kubeconfig, namespace);
    await own.create([1, 2]);
  });

  const reads = ['get', 'list', 'watch'];
  const writes = ['create', 'update', 'patch', 'delete', 'deletecollection'];
  const cases = [
    { who: 'nobody', may: [] },
    { who: 'viewer', may: reads },
    { who: 'editer', may: [...reads, ...writes] },
    { who: 'adminer', may: [...reads, ...writes] },
  ];
  for (const { who, may: verbs } of cases)
    test(`${who}: ${verbs.join(', ') || 'nothing'}, and status in no case`, async () => {
      const user = { name: who, groups: [everybody] };
      const asked = async (resource: string): Promise<string[]> => {
        const allowed: string[] = [];
        for (const verb of [...reads, ...writes])
          if (await may(server.kubeconfig, user, { verb, group, resource, namespace })) allowed.push(verb);
        return allowed;
      };
      assert.deepEqual(await asked(groups), verbs);
      assert.deepEqual(await asked(`${groups}/status`), []);
      assert.deepEqual(await asked(`${groups}/finalizers`), []);
      const other = { verb: 'get', group, resource: groups, namespace: 'default' };
      assert.equal(await may(server.kubeconfig, user, other), false);
    });

  test('who may edit edits the primary; a status of his is refused, or left out', async () => {
    const as = ['--as=editer', `--as-group=${everybody}`, '-n', namespace];
    const body = { spec: { primary: 'b' }, status: { currentPrimary: 'b' } };
    await server.kubectl([...as, 'patch', 'fg', own.name, '--type=merge', '-p', JSON.stringify(body)]);
    const after = await own.access.call({ method: 'GET', path: own.path });
    assert.equal((after.spec as { readonly primary: string }).primary, 'b');
    assert.equal(after.status, undefined);
    const put = ['replace', '--raw', `${own.path}/status`, '-f', '-'];
    await assert.rejects(
      server.kubectl([...as, ...put], JSON.stringify({ ...after, ...body })),
      /[Ff]orbidden/,
    );
    const view = ['--as=viewer', `--as-group=${everybody}`, '-n', namespace];
    assert.match(await server.kubectl([...view, 'get', 'fg', own.name, '-o', 'name']), /failovergroup/);
    await assert.rejects(server.kubectl([...view, 'delete', 'fg', own.name]), /forbidden/);
  });
});

/** The step of kube-controller-manager that no API server does: view, edit and admin gather the rules of who has their label. */
async function aggregate(kubeconfig: string): Promise<void> {
  const access = KubeAccess.from(kubeconfig);
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  for (const name of ['view', 'edit', 'admin']) {
    const { items } = await access.call<KubeObject & { readonly items: readonly ClusterRole[] }>({
      method: 'GET',
      path,
    });
    const role = items.find(({ metadata }) => metadata.name === name);
    const selectors = role?.aggregationRule?.clusterRoleSelectors ?? [];
    assert.ok(role !== undefined && selectors.length > 0, `${name} aggregates`);
    const chosen = items.filter(({ metadata }) => selectors.some((one) => fits(metadata, one)));
    const body = { ...role, rules: chosen.flatMap(({ rules }) => rules ?? []) };
    await access.call({ method: 'PUT', path: `${path}/${name}`, body });
  }
}

type Selector = { readonly matchLabels: Readonly<Record<string, string>> };

interface ClusterRole extends KubeObject {
  readonly rules: readonly object[] | null;
  readonly aggregationRule?: { readonly clusterRoleSelectors: readonly Selector[] };
}

function fits({ labels = {} }: KubeObject['metadata'], { matchLabels }: Selector): boolean {
  const own = labels as Readonly<Record<string, string>>;
  return Object.entries(matchLabels).every(([label, value]) => own[label] === value);
}
