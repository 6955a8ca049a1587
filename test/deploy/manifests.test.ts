import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crdYaml, deployedCrdFile } from '../../crd/generate.ts';
import { parseFailoverGroup } from '../../crd/parse.ts';
import {
  built,
  kubectls,
  type Labels,
  type Manifest,
  manifestsIn,
  type PodSpec,
  type Rule,
  root,
} from './manifests.ts';

const folder = 'deploy/kubernetes';
const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
const one = (manifests: readonly Manifest[], kind: string): Manifest => {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  assert.equal(found.length, 1, kind);
  return found[0] as Manifest;
};
const base = readdirSync(join(root, folder, 'base'))
  .filter((name) => name !== 'kustomization.yaml')
  .flatMap((name) => manifestsIn(`${folder}/base/${name}`));
const deployment = one(base, 'Deployment').spec as {
  replicas: number;
  selector: Labels;
  template: { metadata: { labels: Record<string, string> }; spec: PodSpec };
};
const pod = deployment.template.spec;
const [container] = pod.containers;
assert.ok(container !== undefined);

/** Why the controller may do what it may. What is not here it must not have. */
const reasons: Readonly<Record<string, string>> = {
  'understudy.dev/failovergroups list': 'the mirror begins with all groups',
  'understudy.dev/failovergroups watch': 'an edit is acted on at once',
  'understudy.dev/failovergroups patch': 'the finalizer stands in metadata',
  'understudy.dev/failovergroups/status update': 'status, and nothing but status',
  'understudy.dev/failovergroups/finalizers update': 'owner references that hold up a deletion',
  '/secrets list': 'the mirror begins with the Secrets of a namespace that has groups',
  '/secrets watch': 'a new password is taken up at once',
  '/services get': 'who has taken the name of a Service of ours',
  '/services list': 'the mirror of our Services',
  '/services watch': 'one that somebody changed is put right',
  '/services create': 'NAME-primary and NAME-replicas',
  '/services patch': 'ports that were changed',
  '/services delete': 'those of a group that wants none any more',
  'discovery.k8s.io/endpointslices get': 'as for Services',
  'discovery.k8s.io/endpointslices list': 'as for Services',
  'discovery.k8s.io/endpointslices watch': 'as for Services',
  'discovery.k8s.io/endpointslices create': 'the addresses behind the Services',
  'discovery.k8s.io/endpointslices patch': 'the move of the primary',
  'discovery.k8s.io/endpointslices delete': 'as for Services',
  '/events create': 'the story of a failover',
  '/events patch': 'one that happens again is counted',
  'coordination.k8s.io/leases create': 'the first replica ever makes the Lease',
  'coordination.k8s.io/leases=understudy-controller get': 'who leads',
  'coordination.k8s.io/leases=understudy-controller list': 'the watch begins with it',
  'coordination.k8s.io/leases=understudy-controller watch': 'a Lease that was let go is taken at once',
  'coordination.k8s.io/leases=understudy-controller update': 'it is renewed every 2 s',
};

const rights = (rules: readonly Rule[]): string[] =>
  rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => {
        const names = resourceNames === undefined ? '' : `=${resourceNames.join()}`;
        return verbs.map((verb) => `${group}/${resource}${names} ${verb}`);
      }),
    ),
  );

function* yamlFiles(path: string): Generator<string> {
  for (const name of readdirSync(join(root, path))) {
    const inner = `${path}/${name}`;
    if (statSync(join(root, inner)).isDirectory()) yield* yamlFiles(inner);
    else if (name.endsWith('.yaml')) yield inner;
  }
}

test('every YAML file under deploy/ parses', () => {
  const files = [...yamlFiles('deploy')];
  assert.ok(files.length > 15);
  for (const file of files) assert.ok(manifestsIn(file).length > 0, file);
});

test('every right of the controller has its reason, and every reason its right', () => {
  const cluster =
    one(manifestsIn(`${folder}/overlays/cluster/controller-role.yaml`), 'ClusterRole').rules ?? [];
  const leader = one(base, 'Role').rules ?? [];
  assert.deepEqual(rights([...cluster, ...leader]).sort(), Object.keys(reasons).sort());
});

test('in one namespace the controller has the same rights as in the cluster', () => {
  const cluster = one(manifestsIn(`${folder}/overlays/cluster/controller-role.yaml`), 'ClusterRole').rules;
  const namespace = one(manifestsIn(`${folder}/overlays/namespace/controller-role.yaml`), 'Role').rules;
  assert.deepEqual(namespace, cluster);
});

test('people get rights to groups with view, edit and admin, and nobody to status', () => {
  const roles = base.filter(({ kind }) => kind === 'ClusterRole');
  const given = Object.fromEntries(roles.map(({ metadata, rules }) => [metadata.name, rights(rules ?? [])]));
  const verbs = (...words: string[]) => words.map((verb) => `understudy.dev/failovergroups ${verb}`);
  assert.deepEqual(given, {
    'understudy-view': verbs('get', 'list', 'watch'),
    'understudy-edit': verbs('create', 'update', 'patch', 'delete', 'deletecollection'),
  });
  const aggregated = roles.map(({ metadata }) =>
    Object.keys(metadata.labels ?? {}).flatMap((label) => /aggregate-to-(\w+)/.exec(label)?.[1] ?? []),
  );
  assert.deepEqual(aggregated, [
    ['view', 'edit', 'admin'],
    ['edit', 'admin'],
  ]);
});

test('the container is nobody, can become nobody else and writes nothing', () => {
  assert.deepEqual(pod.securityContext, {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  assert.deepEqual([pod.volumes, container.volumeMounts], [undefined, undefined]);
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  assert.equal(
    dockerfile
      .trim()
      .match(/^USER .*$/gm)
      ?.at(-1),
    `USER ${pod.securityContext.runAsUser}:65532`,
  );
});

test('what selects the pods selects them', () => {
  const labels = Object.entries(deployment.template.metadata.labels);
  const budget = one(base, 'PodDisruptionBudget').spec as { selector: Labels; maxUnavailable: number };
  const service = one(base, 'Service').spec as { selector: Record<string, string>; clusterIP: string };
  for (const selector of [deployment.selector.matchLabels, budget.selector.matchLabels, service.selector])
    assert.deepEqual(Object.entries(selector), labels);
  assert.ok(budget.maxUnavailable < deployment.replicas);
  assert.equal(service.clusterIP, 'None');
});

test('the probes ask a port that is there, for what the program answers', () => {
  const source = readFileSync(join(root, 'controller/telemetry/http-endpoint.ts'), 'utf8');
  for (const { httpGet } of [container.livenessProbe, container.readinessProbe]) {
    assert.ok(source.includes(`case '${httpGet.path}'`), httpGet.path);
    assert.ok(container.ports.some(({ name }) => name === httpGet.port));
  }
  assert.ok(container.args.includes(`--http=0.0.0.0:${container.ports[0]?.containerPort}`));
});

test('the program knows every flag that it is started with, and every variable in them is set', () => {
  const source = readFileSync(join(root, 'controller/command-line/program.ts'), 'utf8');
  const patch = manifestsIn(`${folder}/overlays/namespace/only-own-namespace.yaml`)[0] as unknown as [
    { value: string },
  ];
  const [command, ...flags] = [...container.args, patch[0].value];
  assert.equal(command, 'run');
  for (const flag of flags) {
    const name = flag.split('=')[0] ?? '';
    assert.match(source, new RegExp(`'(-\\w, )?${name}[ ']`), flag);
    const [, variable] = /\$\((\w+)\)/.exec(flag) ?? [];
    if (variable !== undefined)
      assert.ok(
        container.env.some(({ name: set }) => set === variable),
        flag,
      );
  }
});

test('the CRD is the one that the schema gives: run npm run generate', () => {
  assert.equal(readFileSync(deployedCrdFile, 'utf8'), crdYaml());
});

test('the example group is valid, reads its secrets from Secrets, and their templates hold none', () => {
  const file = `${folder}/examples/quantshift.yaml`;
  const text = readFileSync(join(root, file), 'utf8');
  const parsed = parseFailoverGroup(text, file);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const templates = manifestsIn(`${folder}/examples/secrets.yaml`);
  for (const { data = {} } of templates) for (const value of Object.values(data)) assert.equal(value, '');
  const wanted = [...text.matchAll(/secret: \{ name: ([\w-]+), key: ([\w-]+) \}/g)].map(([, name, key]) => [
    name,
    key,
  ]);
  const there = templates.flatMap(({ metadata, data = {} }) =>
    Object.keys(data).map((key) => [metadata.name, key]),
  );
  assert.deepEqual(wanted, there);
  const { namespace } = manifestsIn(file)[0]?.metadata ?? {};
  assert.ok(templates.every(({ metadata }) => metadata.namespace === namespace));
});

const programs = kubectls();
const needs = programs.length > 0 ? {} : { skip: 'there is no kubectl here' };

for (const overlay of ['overlays/cluster', 'overlays/namespace', 'overlays/kubernetes-1.20'])
  test(`${overlay} builds, whole and consistent`, needs, () => {
    for (const kubectl of programs) {
      const manifests = built(kubectl, overlay);
      const only = overlay === 'overlays/namespace' ? 'quantshift' : 'understudy-system';
      const namespaces = new Set(manifests.flatMap(({ metadata }) => metadata.namespace ?? []));
      assert.deepEqual([...namespaces], [only], kubectl);
      assert.equal(
        manifests.some(({ kind }) => kind === 'Namespace'),
        overlay !== 'overlays/namespace',
      );
      for (const { kind, roleRef, subjects = [] } of manifests.filter(
        ({ roleRef }) => roleRef !== undefined,
      )) {
        const role = manifests.find(
          (manifest) => manifest.kind === roleRef?.kind && manifest.metadata.name === roleRef.name,
        );
        assert.ok(role !== undefined, `${kind} of ${roleRef?.name}`);
        for (const { name, namespace } of subjects)
          assert.deepEqual([name, namespace], [pod.serviceAccountName, only]);
      }
      const { template } = one(manifests, 'Deployment').spec as { template: { spec: PodSpec } };
      const [first] = template.spec.containers;
      assert.ok(first !== undefined);
      assert.equal(first.image, `ghcr.io/understudy-dev/understudy:${version}`);
      assert.equal(first.args.includes('--namespace=$(POD_NAMESPACE)'), overlay === 'overlays/namespace');
      const budget = one(manifests, 'PodDisruptionBudget').apiVersion;
      assert.equal(budget, overlay.endsWith('1.20') ? 'policy/v1beta1' : 'policy/v1');
    }
  });
