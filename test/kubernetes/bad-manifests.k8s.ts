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
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'reported' | 'good'; readonly object: KubeObject };

async function fateOf({ document }: Spoiled, path: string, name: string): Promise<Fate> {
  const metadata = { ...(document.metadata as object | undefined), name };
  try {
    const object = await access.call({ method: 'POST', path, body: { ...document, metadata } });
    return { kind: readGroupObject(object).document.ok ? 'good' : 'reported', object };
  } catch (cause) {
    assert.ok(cause instanceof ApiFault);
    return { kind: 'refused', message: cause.message };
  }
}

/** The server drops nulls and fields that it does not know: what is left may be a good group. */
function isMended({ document }: Spoiled, { object }: Extract<Fate, { object: KubeObject }>): boolean {
  const asked = JSON.stringify(document.spec);
  return asked.includes('null') || asked !== JSON.stringify(object.spec);
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
      assert.match(fate.message, /spec|metadata|version|kind|document|cannot|unable/i, spoiled.what);
    } else if (fate.kind === 'reported') {
      fates.reported += 1;
      reported.push({ what: spoiled.what, path: `${collection}/${name}` });
    } else {
      assert.ok(isMended(spoiled, fate), `${spoiled.what}: taken by both`);
      fates.mended += 1;
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
