import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { readGroupObject } from '../../controller/kubernetes/group-object.ts';
import { KubeAccess, type KubeObject } from '../../controller/kubernetes/kube-access.ts';
import { parseFailoverGroup } from '../../crd/parse.ts';
import { until } from '../redis/until.ts';
import { ApiServer } from './api-server.ts';

const examples = join(import.meta.dirname, '../../crd/examples');
const root = '/apis/understudy.dev/v1alpha1';

let server: ApiServer;
let access: KubeAccess;
before(async () => {
  server = await ApiServer.start();
  await server.applyCrd();
  access = KubeAccess.from(server.kubeconfig);
});
after(() => server.stop());

const exampleText = (name: string): string => readFileSync(join(examples, name), 'utf8');
const quantshift = (): Record<string, unknown> => parse(exampleText('quantshift.yaml'));

/** Applies the example and gives the object as the server then has it. */
async function applied(namespace: string, text = exampleText('quantshift.yaml')): Promise<KubeObject> {
  await server.kubectl(['-n', namespace, 'apply', '-f', '-'], text);
  const { name } = (parse(text) as { metadata: { name: string } }).metadata;
  return access.call({ method: 'GET', path: `${root}/namespaces/${namespace}/failovergroups/${name}` });
}

/** As JSON says it. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function writeStatus(object: KubeObject, status: unknown): Promise<KubeObject> {
  const { namespace, name } = object.metadata;
  const path = `${root}/namespaces/${namespace}/failovergroups/${name}/status`;
  return access.call({ method: 'PUT', path, body: { ...object, status } });
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Of spec and status, as the repository has it. */
function schema(): Schema {
  const crd = parse(readFileSync(join(examples, '../failovergroups.understudy.dev.yaml'), 'utf8'));
  const { spec, status } = crd.spec.versions[0].schema.openAPIV3Schema.properties;
  return { properties: { spec, status } };
}

/** The paths of everything that has fields. */
function sections({ properties = {} }: Schema, path: string): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const { items = field } = field;
    return items.properties === undefined ? [] : [`${path}.${name}`, ...sections(items, `${path}.${name}`)];
  });
}

/** Without kubectl's memory of what the server had before. */
const explain = (...words: string[]): Promise<string> =>
  server.kubectl(['explain', '--cache-dir=/nonexistent', ...words]);

const ready = (status: 'True' | 'False') => ({
  type: 'Ready',
  status,
  reason: 'Converged',
  message: 'All is as it should be.',
  observedGeneration: 1,
  lastTransitionTime: '2026-11-23T00:00:00.000Z',
});

test('the definition is established, and structural', async () => {
  const crd = JSON.parse(await server.kubectl(['get', 'crd', 'failovergroups.understudy.dev', '-o', 'json']));
  const conditions = Object.fromEntries(
    crd.status.conditions.map(({ type, status }: { type: string; status: string }) => [type, status]),
  );
  assert.equal(conditions.Established, 'True');
  assert.ok(conditions.NonStructuralSchema === undefined || conditions.NonStructuralSchema === 'False');
});

test('every field explains itself', async () => {
  // The server publishes a new kind's explanations a moment after it serves the kind.
  const text = await until('the kind is explained', () =>
    explain('fg.spec', '--recursive').catch(() => undefined),
  );
  assert.match(text, /failover\s+<Object>/);
  for (const path of sections(schema(), 'fg')) {
    const shown = await explain(path);
    // The title of each field, and then what it is for, indented further.
    const fields = shown
      .slice(shown.indexOf('FIELDS:'))
      .split(/\n {3}(?=\S)/)
      .slice(1);
    assert.ok(fields.length > 0, path);
    for (const field of fields) assert.match(field, /\n {5}\S/, `${path}: ${field}`);
  }
  assert.match(await explain('fg.spec.failover.unreachableAfterSeconds'), /Silence is never\s+proof/);
});

test('it goes by its short name and its category', async () => {
  const namespace = await server.createNamespace();
  await applied(namespace);
  for (const kind of ['fg', 'failovergroups', 'understudy'])
    assert.match(
      await server.kubectl(['-n', namespace, 'get', kind, '-o', 'name']),
      /failovergroup.*\/quantshift/,
    );
});

test('its columns tell who leads, who should, whether all is well, the lag and the age', async () => {
  const namespace = await server.createNamespace();
  const object = await applied(namespace);
  await writeStatus(object, { currentPrimary: 'ct101', replicaLagBytes: 0, conditions: [ready('True')] });
  const [head = '', row = ''] = (await server.kubectl(['-n', namespace, 'get', 'fg'])).split('\n');
  assert.deepEqual(head.trim().split(/\s+/), ['NAME', 'PRIMARY', 'REQUESTED', 'READY', 'LAG', 'AGE']);
  assert.match(row, /^quantshift\s+ct101\s+ct100\s+True\s+0\s+\d+s/);
});

test('the server fills in the defaults that the parser fills in', async () => {
  for (const name of readdirSync(examples)) {
    const namespace = await server.createNamespace();
    const text = exampleText(name);
    const object = await applied(namespace, text);
    const parsed = parseFailoverGroup(text, name);
    const read = readGroupObject(object);
    assert.ok(parsed.ok && read.document.ok, name);
    assert.deepEqual(read.document.group.spec, parsed.group.spec, name);
    // By the server itself, not only by our reading of it; numbers among the settings stay what they are.
    const asked = parse(text) as { spec: { redis?: { config?: object } } };
    const redis = { ...parsed.group.spec.redis, config: asked.spec.redis?.config ?? {} };
    assert.deepEqual(object.spec, plain({ ...parsed.group.spec, redis }), name);
  }
});

test('kubectl waits for its conditions', async () => {
  const namespace = await server.createNamespace();
  const object = await applied(namespace);
  await writeStatus(object, { conditions: [ready('False')] });
  const waiting = server.kubectl([
    '-n',
    namespace,
    'wait',
    '--for=condition=Ready',
    '--timeout=60s',
    'fg/quantshift',
  ]);
  const fresh = await applied(namespace);
  await writeStatus(fresh, { conditions: [ready('True')] });
  assert.match(await waiting, /condition met/);
});

test('status changes through its own door alone, spec through the other, and only spec counts as a generation', async () => {
  const namespace = await server.createNamespace();
  const object = await applied(namespace);
  const path = `${root}/namespaces/${namespace}/failovergroups/quantshift`;
  const spec = { ...(object.spec as object), primary: 'ct101' };
  const byStatus = await access.call({
    method: 'PUT',
    path: `${path}/status`,
    body: { ...object, spec, status: { epoch: 3 } },
  });
  assert.deepEqual([byStatus.spec, byStatus.status], [object.spec, { epoch: 3 }]);
  assert.equal(byStatus.metadata.generation, 1);
  const byMain = await access.call({
    method: 'PUT',
    path,
    body: { ...byStatus, spec, status: { epoch: 99 } },
  });
  assert.deepEqual([(byMain.spec as { primary: string }).primary, byMain.status], ['ct101', { epoch: 3 }]);
  assert.equal(byMain.metadata.generation, 2);
});

test('all of a full status is kept by the server: nothing that the controller records is pruned', async () => {
  const namespace = await server.createNamespace();
  const object = await applied(namespace);
  const time = '2026-11-23T00:00:00.000Z';
  const lastSeen = {
    replicationId: 'a',
    offset: 5,
    aofBytes: 1,
    bytesPerSecond: 0.5,
    refusesAlone: true,
    time,
  };
  const record = {
    ...{ kind: 'Failover', from: 'ct100', to: 'ct101', epoch: 7, cause: 'PrimaryHung', startTime: time },
    ...{
      completionTime: time,
      detectSeconds: 0.1,
      fenceSeconds: 0.1,
      promoteSeconds: 0.1,
      unitsSeconds: 0.1,
    },
    ...{ writeGapSeconds: 0.1, lastSeen, lostBytes: 9_007_199_254_740_991, lostBytesExact: false },
    ...{ preservedBytes: 4, preserved: 'ct100:/x' },
  };
  const status = {
    observedGeneration: 1,
    ...{
      epoch: 7,
      currentPrimary: 'ct101',
      primaryReplicationId: 'b',
      handledPrimary: 'ct100',
      replicaLagBytes: 0,
    },
    transition: {
      ...{ kind: 'Switchover', from: 'ct100', to: 'ct101', epoch: 8, fromEpoch: 7, step: 'HandOver' },
      ...{ cause: 'Requested', startTime: time, lastSeen },
    },
    failedAttempt: {
      ...{
        to: 'ct101',
        back: 'ct100',
        count: 1,
        reason: 'RoleChanged',
        message: 'm',
        time,
        fromEpoch: 7,
        retryTime: time,
      },
    },
    demoting: ['ct100'],
    stoppedRedis: ['ct100'],
    unsaved: ['ct100'],
    passwordRotation: { startTime: time },
    preserved: [{ node: 'ct100', path: '/x', bytes: 4, epoch: 7 }],
    fences: [{ node: 'ct100', proof: 'PoweredOff', epoch: 7, time }],
    conditions: [ready('True')],
    nodes: [
      {
        ...{ name: 'ct100', role: 'replica', reachable: true, inSync: true, linkStatus: 'up', lagBytes: 1 },
        ...{ lastIoSecondsAgo: 0, usedMemoryBytes: 1, reason: 'r', lease: { state: 'armed', seconds: 15 } },
        units: [{ name: 'x.service', state: 'running' }],
      },
    ],
    lastTransition: record,
    history: [record],
  };
  const written = await writeStatus(object, status);
  assert.deepEqual(written.status, status);
  const read = readGroupObject(written);
  assert.equal(read.statusProblem, undefined);
  assert.deepEqual(read.status, status);
});

test('kubectl refuses a field that the kind does not have, and names it', async () => {
  const namespace = await server.createNamespace();
  const text = exampleText('quantshift.yaml').replace(/^spec:$/m, 'spec:\n  pasued: true');
  await assert.rejects(applied(namespace, text), /unknown field "?(spec\.)?pasued"?/);
});

test('two nodes of one name, and two units, are refused by the server itself', async () => {
  const namespace = await server.createNamespace();
  const path = `${root}/namespaces/${namespace}/failovergroups`;
  for (const list of ['nodes', 'units']) {
    const twice = quantshift();
    const named = (twice.spec as Record<string, { name: string }[]>)[list] ?? [];
    const [first] = named;
    assert.ok(first !== undefined && named.length > 1, list);
    named[1] = { ...named[1], name: first.name };
    const refused = new RegExp(`spec\\.${list}\\[1\\].*Duplicate value`);
    await assert.rejects(access.call({ method: 'POST', path, body: twice }), refused);
  }
});
