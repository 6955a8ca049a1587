import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Address,
  belongsTo,
  epochOn,
  isPublishable,
  type OwnedObject,
  ownedObjects,
  patchFor,
} from '../../controller/kubernetes/endpoint-objects.ts';
import type { KubeObject } from '../../controller/kubernetes/kube-access.ts';
import { serviceNames } from '../../controller/kubernetes/service-name.ts';

const owner = { name: 'g', namespace: 'prod', uid: 'u-1' };

function objects(primary: readonly Address[], replicas: readonly Address[] = [], epoch = 7) {
  const published = { owner, names: serviceNames('g'), epoch, primary, replicas };
  return ownedObjects(published, 'discovery.k8s.io/v1');
}

function named(all: readonly OwnedObject[], name: string): OwnedObject {
  const found = all.find((object) => object.name === name);
  assert.ok(found !== undefined, `there is no ${name} among ${all.map((one) => one.name).join(', ')}`);
  return found;
}

/** As the server gives it back: with what it adds. */
function live(object: OwnedObject, change: object = {}): KubeObject {
  return { ...structuredClone(object.body), ...change } as unknown as KubeObject;
}

test('the primary is one endpoint behind a Service without selector, owned by the group', () => {
  const all = objects([{ ip: '10.0.0.1', port: 7000 }]);
  const owned = {
    namespace: 'prod',
    ownerReferences: [
      {
        apiVersion: 'understudy.dev/v1alpha1',
        kind: 'FailoverGroup',
        name: 'g',
        uid: 'u-1',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
  const managed = { 'app.kubernetes.io/managed-by': 'understudy' };
  assert.deepEqual(named(all, 'g-primary').body, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'g-primary', ...owned, labels: managed },
    spec: { ports: [{ name: 'redis', port: 6379, protocol: 'TCP', targetPort: 6379 }] },
  });
  assert.deepEqual(named(all, 'g-primary-ipv4').body, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'g-primary-ipv4',
      ...owned,
      labels: {
        ...managed,
        'kubernetes.io/service-name': 'g-primary',
        'endpointslice.kubernetes.io/managed-by': 'understudy.dev',
      },
      annotations: { 'understudy.dev/epoch': '7' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: 'redis', port: 7000, protocol: 'TCP' }],
  });
});

test('replicas have a slice for each family and port, and a group without primary leads nowhere', () => {
  const all = objects(
    [],
    [
      { ip: '10.0.0.3', port: 6379 },
      { ip: '10.0.0.2', port: 6379 },
      { ip: '10.0.0.4', port: 7000 },
      { ip: 'fd00::1', port: 6379 },
    ],
  );
  const names = all.map(({ name }) => name);
  assert.deepEqual(names, [
    'g-primary-ipv4',
    'g-replicas-ipv4-6379',
    'g-replicas-ipv4-7000',
    'g-replicas-ipv6-6379',
    'g-primary',
    'g-replicas',
  ]);
  const { endpoints } = named(all, 'g-replicas-ipv4-6379').body as { endpoints: { addresses: string[] }[] };
  assert.deepEqual(
    endpoints.map(({ addresses }) => addresses[0]),
    ['10.0.0.2', '10.0.0.3'],
  );
  assert.deepEqual(named(all, 'g-primary-ipv4').body.endpoints, []);
});

test('what is as it shall be gets no patch, whatever others add to it and whatever the epoch is', () => {
  const wanted = objects([{ ip: '10.0.0.1', port: 6379 }]);
  for (const object of wanted) assert.equal(patchFor(live(object), object), undefined);
  const service = named(wanted, 'g-primary');
  const { metadata, spec } = service.body as { metadata: { labels: object }; spec: object };
  const dressed = live(service, {
    metadata: { ...metadata, labels: { ...metadata.labels, team: 'x' }, annotations: { a: 'b' } },
    spec: { ...spec, type: 'LoadBalancer', clusterIP: '10.96.0.1', selector: {} },
  });
  assert.equal(patchFor(dressed, service), undefined);
  const earlier = objects([{ ip: '10.0.0.1', port: 6379 }], [], 3);
  assert.equal(patchFor(live(named(earlier, 'g-primary-ipv4')), named(wanted, 'g-primary-ipv4')), undefined);
});

test('each thing that was changed is mended', () => {
  const [slice, service] = [
    named(objects([{ ip: '10.0.0.1', port: 6379 }]), 'g-primary-ipv4'),
    named(objects([]), 'g-primary'),
  ];
  const { metadata, spec, endpoints, ports } = { ...service.body, ...slice.body } as Record<string, object>;
  const damaged: readonly (readonly [OwnedObject, object, unknown])[] = [
    [slice, { endpoints: null }, { metadata: annotated, endpoints, ports }],
    [slice, { endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }] }, undefined],
    [slice, { ports: [{ name: '', port: 6379, protocol: 'TCP' }] }, undefined],
    [slice, { metadata: { ...metadata, annotations: {} } }, undefined],
    [service, { spec: { ...spec, selector: { app: 'x' } } }, { spec: { selector: null } }],
    [service, { spec: { ...spec, ports: [] } }, { spec: { ports: (spec as { ports?: unknown }).ports } }],
    [
      service,
      { metadata: { ...metadata, labels: {} } },
      { metadata: { labels: { 'app.kubernetes.io/managed-by': 'understudy' } } },
    ],
  ];
  for (const [object, damage, patch] of damaged) {
    const found = patchFor(live(object, damage), object);
    assert.notEqual(found, undefined, JSON.stringify(damage));
    if (patch !== undefined) assert.deepEqual(found, patch);
  }
});

const annotated = { annotations: { 'understudy.dev/epoch': '7' } };

test('whose an object is, and under which epoch it was written', () => {
  const slice = live(named(objects([]), 'g-primary-ipv4'));
  assert.equal(belongsTo(slice, 'u-1'), true);
  assert.equal(belongsTo(slice, 'u-2'), false);
  assert.equal(belongsTo({ metadata: { name: 'g-primary' } }, 'u-1'), false);
  const lent = { name: 'x', ownerReferences: [{ uid: 'u-1', controller: false }] };
  assert.equal(belongsTo({ metadata: lent }, 'u-1'), false);
  assert.equal(epochOn(slice), 7);
  for (const text of ['', '-1', '7x', '1e3'])
    assert.equal(
      epochOn({ metadata: { name: 'x', annotations: { 'understudy.dev/epoch': text } } }),
      undefined,
    );
});

test('addresses that mean another machine in a pod are not published', () => {
  for (const ip of ['127.0.0.1', '127.8.8.8', '0.0.0.0', '169.254.1.1', '::1', '::', 'fe80::1', 'ff02::1'])
    assert.equal(isPublishable(ip), false, ip);
  for (const ip of ['10.0.0.1', '192.168.1.1', '12.7.0.1', 'fd00::1', '2001:db8::1'])
    assert.equal(isPublishable(ip), true, ip);
});

test('names of Services are DNS labels, the same every time, and no two groups share one', () => {
  assert.deepEqual(serviceNames('quantshift'), {
    primary: 'quantshift-primary',
    replicas: 'quantshift-replicas',
    shortened: false,
  });
  const longest = `a${'b'.repeat(53)}`;
  assert.equal(serviceNames(longest).shortened, false);
  const groups = [
    'a',
    'a-primary',
    'a-replicas',
    '1st',
    'x.y',
    'x-y',
    `${longest}b`,
    `${longest}c`,
    '0'.repeat(253),
  ];
  const all = groups.flatMap((group) => {
    const { primary, replicas } = serviceNames(group);
    return [primary, replicas];
  });
  assert.equal(new Set(all).size, all.length);
  for (const name of all) assert.match(name, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  assert.match(serviceNames('1st').primary, /^fg-1st-[0-9a-f]{8}-primary$/);
});
