/** A GitOps tool applies what is in Git again and again: as long as it is the same, nothing comes of it. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { KubeObject } from '../../controller/kubernetes/kube-access.ts';
import { until } from '../redis/until.ts';
import { ApiServer } from './api-server.ts';
import type { ControllerProcess } from './controller-process.ts';
import { FailoverStage, type NodeName } from './failover-stage.ts';

const times = 100;
const flags = ['--server-side', '--force-conflicts', '--field-manager=gitops', '--validate=false'];
let server: ApiServer;
let stage: FailoverStage;
let controller: ControllerProcess;

before(async () => {
  server = await ApiServer.start();
  await server.applyCrd();
});

after(() => server?.stop());

beforeEach(async () => {
  stage = await FailoverStage.raise({ kubeconfig: server.kubeconfig });
  controller = stage.controller('one');
  await stage.untilLed('a');
});

afterEach(() => stage?.dispose());

/** As it stands in Git: what the server and the controller add is not in there. */
async function manifest(primary: 'a' | 'b'): Promise<string> {
  const { apiVersion, kind, metadata, spec } = await stage.call({ method: 'GET', path: stage.path });
  const { name, namespace } = metadata;
  const wanted = { ...(spec as object), primary };
  return `${JSON.stringify({ apiVersion, kind, metadata: { name, namespace }, spec: wanted })}\n`;
}

/** Resolves to how often it was applied: kubectl takes one document after the other. */
async function apply(text: string, count = 1): Promise<number> {
  const told = await server.kubectl(['apply', ...flags, '-f', '-'], text.repeat(count));
  return told.split('\n').filter((line) => line.endsWith('serverside-applied')).length;
}

/** Writes of the controller to groups, as it counts them itself. */
async function writes(): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${await controller.httpPort()}/metrics`);
  const lines = (await response.text()).split('\n');
  return lines.filter(
    (line) =>
      /^understudy_api_requests_total\{method="(PUT|PATCH|POST|DELETE)"/.test(line) &&
      !line.includes('"leases"'),
  );
}

/** The last thing that a change of primary leads to: the new one refuses writes alone once its replica acknowledges. */
async function untilSettled(primary: NodeName): Promise<void> {
  const admin = await stage.server(primary).admin();
  await until(`${primary} refuses writes alone`, async () => {
    const [, shown] = (await admin.config('GET', 'min-replicas-to-write')) as string[];
    return shown === '1';
  });
  admin.disconnect();
  // At first a replica may be quiet for longer than is put up with: the primary is only now told to ping it every second.
  for (let before = ''; ; ) {
    await stage.untilCalm(controller);
    await stage.looked(controller, 5, primary);
    const { metadata } = await stage.call({ method: 'GET', path: stage.path });
    if (metadata.resourceVersion === before) return;
    before = metadata.resourceVersion ?? '';
  }
}

/** The same manifest a hundred times, with a controller that looks at the group meanwhile. */
async function assertNothingComesOfIt(text: string, primary: NodeName = 'a'): Promise<void> {
  await untilSettled(primary);
  const object = (): Promise<KubeObject> => stage.call({ method: 'GET', path: stage.path });
  const before = {
    object: await object(),
    writes: await writes(),
    marks: await stage.marks(),
    mark: controller.mark,
  };
  assert.equal(await apply(text, times), times);
  await stage.looked(controller, 3, 'a');
  await stage.looked(controller, 3, 'b');
  assert.deepEqual(await object(), before.object, 'not one field of the object, nor its version');
  assert.deepEqual(await writes(), before.writes, 'no write to the API server');
  assert.deepEqual(await stage.effects(controller, before.marks), [], 'no command that changes a Redis');
  const acted = controller.since(before.mark).filter(({ msg }) => msg === 'acted');
  assert.deepEqual(acted, [], 'no action');
  assert.ok((before.object.metadata.finalizers as readonly string[]).length > 0, 'it is claimed still');
}

describe(`the same manifest by server-side apply, ${times} times`, () => {
  test('in steady state: no write, no action', async () => {
    const text = await manifest('a');
    // The first time it takes the fields over: who owns them is written in the object.
    await apply(text);
    await assertNothingComesOfIt(text);
  });

  test('after a switchover that came by way of Git: no write, no action', async () => {
    const text = await manifest('b');
    await apply(text);
    await stage.untilLed('b');
    await assertNothingComesOfIt(text, 'b');
  });

  test('after a failover, while Git names the former primary: it is no order to go back', async () => {
    const text = await manifest('a');
    await apply(text);
    await stage.server('a').kill();
    await stage.untilStatus('b leads', ({ currentPrimary }) => currentPrimary === 'b');
    await stage.server('a').restart();
    await stage.untilLed('b');
    await assertNothingComesOfIt(text, 'b');
    assert.deepEqual(await stage.roles(), { a: 'slave', b: 'master' });
  });
});
