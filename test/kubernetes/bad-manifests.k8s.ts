import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import { readGroupObject } from '../../controller/kubernetes/group-object.ts';
import { KubeAccess, type KubeObject } from '../../controller/kubernetes/kube-access.ts';
import { validateFailoverGroup } from '../../crd/parse.ts';
import type { Status } from '../../crd/status.ts';
import { until } from '../redis/until.ts';
import { ApiServer } from './api-server.ts';
import { ControllerProcess } from './controller-process.ts';
import { type Spoiled, spoiledGroups } from './spoiled-groups.ts';

const patience = { timeoutMs: 60_000, everyMs: 200 };

let server: ApiServer;
let access: KubeAccess;
before(async () => {
  server = await ApiServer.start();
  await server.applyCrd();
  access = KubeAccess.from(server.kubeconfig);
});
after(() => server.stop());

/** What became of a document: refused by the server with words, or taken, and then read as good or not. */
type Fate =
  | { readonly kind: 'refused'; readonly fault: ApiFault }
  | { readonly kind: 'reported' | 'good'; readonly object: KubeObject };

/** The server drops fields that it does not know, and these rows have no other fault. */
const unknownFields = [
  'metadata with an unknown field',
  'an unknown field at the top',
  'a misspelt field of spec',
  'a field far from any',
  'a misspelt field of Redis',
  'a misspelt source',
  'a field of another name',
];

/** The server's own words name no field: the frame is wrong, or too large to be read at all. */
const withoutField = new Map([
  ['another version', /API version in the data .* does not match/],
  ['no version', /'apiVersion' is missing/],
  ['no kind', /'Kind' is missing/],
  ['four megabytes', /Request entity too large/],
]);

/** Where the server is stricter than the parser: YAML of a file may say `yes` and 1.5, and annotations may be large. */
const refusedByServerAlone = [
  /^spec\.redis\.config\.\w+ is a (fraction|yes)$/,
  /^annotations of 300 kB$/,
  // 1.20 built with a Go newer than its own takes an empty text for null; built with its own it does not.
  /^spec\.(nodes\.0\.fence\.(confirm\.)?command\.\d|redis\.config\.\w+) is an empty text$/,
];

/** Under a name of its own, unless the name is what is wrong. */
function renamed({ document }: Spoiled, name: string): object {
  const parsed = validateFailoverGroup(document);
  const isNameBad = !parsed.ok && parsed.problems.some(({ path }) => /^metadata(\.name)?$/.test(path));
  return isNameBad ? document : { ...document, metadata: { ...(document.metadata as object), name } };
}

async function fateOf(spoiled: Spoiled, path: string, name: string): Promise<Fate> {
  try {
    const object = await access.call({ method: 'POST', path, body: renamed(spoiled, name) });
    return { kind: readGroupObject(object).document.ok ? 'good' : 'reported', object };
  } catch (cause) {
    assert.ok(cause instanceof ApiFault);
    return { kind: 'refused', fault: cause };
  }
}

/** 4xx, and it tells one of the fields that the parser finds fault with. */
function assertTold({ what, document }: Spoiled, { code, message }: ApiFault): void {
  const frame = withoutField.get(what);
  if (frame !== undefined) {
    assert.match(message, frame, what);
    return;
  }
  assert.equal(code, 'Invalid', `${what}: ${message}`);
  const parsed = validateFailoverGroup(document);
  const fields = parsed.ok ? [] : parsed.problems.map(({ path }) => /([\w-]+)\W*$/.exec(path)?.[1] ?? path);
  const named = fields.flatMap((field) => (/^\d+$/.test(field) ? ['spec'] : [field]));
  assert.ok(
    named.some((field) => message.includes(field)),
    `${what}: ${named} is not in: ${message}`,
  );
}

/** Fields that are null are dropped by the server, as if they were not there. */
function assertMended({ what, document }: Spoiled, object: KubeObject): void {
  if (unknownFields.includes(what)) return;
  const [read, without] = [readGroupObject(object).document, validateFailoverGroup(withoutNulls(document))];
  assert.ok(read.ok && without.ok, `${what}: taken by both`);
  assert.deepEqual(read.group.spec, without.group.spec, what);
}

function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, child: unknown) => (child === null ? undefined : child)));
}

test('hundreds of bad manifests: each is refused by the server with its place, or told of in its Ready condition', async (context) => {
  const namespace = await server.createNamespace();
  const collection = `/apis/understudy.dev/v1alpha1/namespaces/${namespace}/failovergroups`;
  const controller = ControllerProcess.start({
    kubeconfig: server.kubeconfig,
    namespace,
    leaseNamespace: namespace,
    identity: 'bad',
  });
  context.after(() => controller.kill());
  await controller.leads();
  const bad = spoiledGroups().filter(({ document }) => !validateFailoverGroup(document).ok);
  assert.ok(bad.length >= 200, `${bad.length}`);
  const fates = { refused: 0, reported: 0, mended: 0 };
  const reported: { what: string; path: string }[] = [];
  for (const [index, spoiled] of bad.entries()) {
    const name = `bad-${index}`;
    const fate = await fateOf(spoiled, collection, name);
    if (fate.kind === 'refused') {
      fates.refused += 1;
      assertTold(spoiled, fate.fault);
    } else if (fate.kind === 'reported') {
      fates.reported += 1;
      reported.push({ what: spoiled.what, path: `${collection}/${name}` });
    } else {
      fates.mended += 1;
      assertMended(spoiled, fate.object);
      await access.call({ method: 'DELETE', path: `${collection}/${name}` });
    }
  }
  context.diagnostic(JSON.stringify({ tried: bad.length, ...fates }));
  for (const { what, path } of reported)
    await until(
      `Ready tells what is wrong: ${what}`,
      async () => {
        const object = await access.call({ method: 'GET', path });
        const { conditions = [] } = (object.status ?? {}) as Status;
        const told = conditions.find(({ type }) => type === 'Ready');
        return (
          told?.status === 'False' && told.reason === 'SpecInvalid' && /spec|metadata/.test(told.message)
        );
      },
      patience,
    );
  assert.ok(fates.refused > 0 && fates.reported > 0);
  assert.deepEqual(await controller.stop(), { code: 0, signal: null });
});

test('what the parser takes the server takes and means the same by it, but for what is named here', async () => {
  const namespace = await server.createNamespace();
  const collection = `/apis/understudy.dev/v1alpha1/namespaces/${namespace}/failovergroups`;
  for (const [index, spoiled] of spoiledGroups().entries()) {
    const parsed = validateFailoverGroup(spoiled.document);
    if (!parsed.ok) continue;
    const fate = await fateOf(spoiled, collection, `good-${index}`);
    if (fate.kind === 'refused') {
      const isNamed = refusedByServerAlone.some((pattern) => pattern.test(spoiled.what));
      assert.ok(isNamed, `${spoiled.what}: ${fate.fault.message}`);
      continue;
    }
    const read = readGroupObject(fate.object).document;
    assert.ok(read.ok, spoiled.what);
    assert.deepEqual(read.group.spec, parsed.group.spec, spoiled.what);
  }
});
