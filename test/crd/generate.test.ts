import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { crdFile, crdYaml } from '../../crd/generate.ts';

type Node = Record<string, unknown>;
const text = readFileSync(crdFile, 'utf8');
const version = parse(text).spec.versions[0];
const root: Node = version.schema.openAPIV3Schema;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every schema node with the path that leads to it. */
function* nodesOf(node: Node, path = ''): Generator<[string, Node]> {
  yield [path, node];
  if (isNode(node.properties)) {
    for (const [name, child] of Object.entries(node.properties))
      yield* nodesOf(child as Node, `${path}.${name}`);
  }
  if (isNode(node.items)) yield* nodesOf(node.items, `${path}[]`);
  if (isNode(node.additionalProperties)) yield* nodesOf(node.additionalProperties, `${path}{}`);
}

const all = new Map(nodesOf(root));

test('the CRD in the repository is the one that the schema gives: run npm run generate', () => {
  assert.equal(text, crdYaml());
});

test('the schema is structural: each node has a type and only words that Kubernetes knows', () => {
  const words = new Set(
    'description type format default enum required properties items additionalProperties minimum maximum minLength maxLength minItems maxItems maxProperties pattern x-kubernetes-validations x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-int-or-string'.split(
      ' ',
    ),
  );
  for (const [path, node] of all) {
    assert.deepEqual(
      Object.keys(node).filter((word) => !words.has(word)),
      [],
      path,
    );
    assert.ok(
      typeof node.type === 'string' || node['x-kubernetes-int-or-string'] === true,
      `${path} has no type`,
    );
    assert.ok(
      !('properties' in node && 'additionalProperties' in node),
      `${path} has both kinds of properties`,
    );
    assert.notEqual(node.additionalProperties, false, path);
  }
});

test('patterns are such that RE2 reads them too', () => {
  for (const [path, { pattern }] of all) {
    if (typeof pattern === 'string') assert.doesNotMatch(pattern, /\\u|\(\?|\\[1-9]/, path);
  }
});

test('every field of spec has a description for kubectl explain', () => {
  for (const [path, node] of all) {
    if (!path.startsWith('.spec') || path.endsWith('[]') || path.endsWith('{}')) continue;
    assert.match(String(node.description ?? ''), /^[A-Z].*\.$/, path);
  }
});

test('every field of status has a description, too', () => {
  for (const [path, node] of all) {
    if (path.startsWith('.status')) assert.match(String(node.description ?? ''), /\S/, path);
  }
});

test('whatever a rule may look at is bounded: a server of 1.25 or newer refuses rules that may cost too much', () => {
  for (const [path, node] of all) {
    if (!path.startsWith('.spec')) continue;
    if (node.type === 'string') assert.ok('maxLength' in node || 'enum' in node, path);
    if (node.type === 'array') assert.ok('maxItems' in node, path);
    if ('additionalProperties' in node) assert.ok('maxProperties' in node, path);
    if ('x-kubernetes-int-or-string' in node) assert.ok('maxLength' in node, path);
  }
});

test('defaults stand where the API server fills them in, sections included', () => {
  const defaults = Object.fromEntries(
    [...all].flatMap(([path, node]) =>
      'default' in node && path.startsWith('.spec') ? [[path, node.default]] : [],
    ),
  );
  assert.deepEqual(defaults, {
    '.spec.nodes[].redis.port': 6379,
    '.spec.nodes[].ssh.port': 22,
    '.spec.nodes[].fence.ssh.port': 22,
    '.spec.redis': {},
    '.spec.redis.unit': 'redis-server.service',
    '.spec.redis.config': {},
    '.spec.units': [],
    '.spec.failover': {},
    '.spec.failover.mode': 'Automatic',
    '.spec.failover.unreachableAfterSeconds': 5,
    '.spec.failover.stoppedGraceSeconds': 3,
    '.spec.failover.maxLagBytes': 1000000,
    '.spec.failover.cooldownSeconds': 300,
    '.spec.failover.fencing': 'Required',
    '.spec.failover.leaseSeconds': 15,
    '.spec.switchover': {},
    '.spec.switchover.catchUpTimeoutSeconds': 10,
    '.spec.failback': {},
    '.spec.failback.policy': 'Manual',
    '.spec.failback.stableSeconds': 300,
    '.spec.paused': false,
  });
});

test('whole numbers are integers and only the two short waits may have fractions', () => {
  const types = (type: string) =>
    [...all].filter(([path, node]) => path.startsWith('.spec') && node.type === type);
  assert.deepEqual(
    types('number').map(([path]) => path),
    ['.spec.failover.unreachableAfterSeconds', '.spec.failover.stoppedGraceSeconds'],
  );
  assert.equal(all.get('.spec.failover.maxLagBytes')?.format, 'int64');
  assert.equal(all.get('.spec.nodes[].redis.port')?.format, 'int32');
});

test('lists with names are maps to the API server', () => {
  const keys = Object.fromEntries(
    [...all].flatMap(([path, node]) =>
      'x-kubernetes-list-map-keys' in node ? [[path, node['x-kubernetes-list-map-keys']]] : [],
    ),
  );
  assert.deepEqual(keys, {
    '.spec.nodes': ['name'],
    '.spec.units': ['name'],
    '.status.conditions': ['type'],
    '.status.nodes': ['name'],
    '.status.nodes[].units': ['name'],
  });
});

test('the rules over several fields are there as CEL', () => {
  const rules = (path: string) =>
    ((all.get(path)?.['x-kubernetes-validations'] ?? []) as { message: string }[]).map(
      ({ message }) => message,
    );
  const spec = rules('.spec').join('\n');
  for (const said of [/primary must be/, /node names must differ/, /units need a host/, /privateKeyFrom/])
    assert.match(spec, said);
  for (const path of [
    '.spec.redis.auth.passwordFrom',
    '.spec.redis.tls.caFrom',
    '.spec.ssh.privateKeyFrom',
    '.spec.ssh.knownHostsFrom',
  ]) {
    assert.deepEqual(rules(path), ['exactly one of secret, file and env must be given'], path);
  }
  assert.match(rules('.spec.nodes[]').join(), /not both/);
  assert.match(rules('.spec.failover.leaseSeconds').join(), /at least 5/);
});

test('kubectl get shows the columns, and the short name and category are there', () => {
  const { names } = parse(text).spec;
  assert.deepEqual([names.shortNames, names.categories], [['fg'], ['understudy']]);
  assert.deepEqual(
    version.additionalPrinterColumns.map(({ name }: { name: string }) => name),
    ['Primary', 'Requested', 'Ready', 'Lag', 'Age'],
  );
  assert.deepEqual(version.subresources, { status: {} });
  assert.ok(all.has('.status.currentPrimary') && all.has('.status.replicaLagBytes'));
});
