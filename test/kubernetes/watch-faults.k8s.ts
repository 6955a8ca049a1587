import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ApiServer } from './api-server.ts';
import type { ControllerProcess, LogLine } from './controller-process.ts';
import { FailoverStage } from './failover-stage.ts';
import type { TcpProxy } from './tcp-proxy.ts';

let server: ApiServer;
before(async () => {
  server = await ApiServer.start();
  await server.applyCrd();
});
after(() => server.stop());

interface Proxied {
  readonly stage: FailoverStage;
  readonly controller: ControllerProcess;
  readonly proxy: TcpProxy;
}

/** A group whose controller reaches the API server by a proxy. */
async function on(play: (proxied: Proxied) => Promise<void>): Promise<void> {
  const stage = await FailoverStage.raise({ kubeconfig: server.kubeconfig });
  try {
    const { proxy, kubeconfig } = await stage.proxy();
    const controller = stage.controller('one', { kubeconfig });
    await stage.untilLed('a');
    await play({ stage, controller, proxy });
  } finally {
    await stage.dispose();
  }
}

describe('The connections to the API server', { concurrency: 2 }, () => {
  test('are closed again and again: every edit is still carried out', () =>
    on(async ({ stage, proxy }) => {
      const cuts = setInterval(() => proxy.dropAll(), 300);
      try {
        for (const primary of ['b', 'a', 'b'] as const) {
          await stage.patchSpec({ primary });
          await stage.untilLed(primary);
        }
      } finally {
        clearInterval(cuts);
      }
      assert.deepEqual(await stage.roles(), { a: 'slave', b: 'master' });
    }));

  test('go silent without an end: that is noticed, the leader goes on leading, and an edit is carried out', () =>
    on(async ({ stage, controller, proxy }) => {
      const { mark } = controller;
      proxy.swallow();
      const from = performance.now();
      await stage.patchSpec({ primary: 'b' });
      await stage.untilLed('b', 45_000);
      console.log(`# watch silent: edit carried out after ${Math.round(performance.now() - from)} ms`);
      assert.deepEqual(
        controller.since(mark).filter(({ msg }) => msg === 'leads no longer'),
        [],
      );
    }));
});

const expired = ({ msg, reason, detail = '' }: LogLine): boolean =>
  msg === 'API server fault' && reason === 'Expired' && detail.startsWith('failovergroups');

test('What a watch would go on from is gone (410): the groups are listed anew, and the newest spec is acted on', () =>
  on(async ({ stage, controller, proxy }) => {
    const { mark } = controller;
    proxy.let('cut');
    await controller.line('the cut', ({ msg }) => msg === 'API server fault', { mark });
    await stage.patchSpec({ primary: 'b' });
    await stage.patchSpec({ primary: 'a' });
    await server.restartApiServer();
    const { metadata } = await stage.patchSpec({ primary: 'b' });
    await compact(Number(metadata.resourceVersion));
    proxy.let('open');
    await controller.line('that the history is gone', expired, { mark });
    await stage.untilLed('b');
    assert.deepEqual(await stage.roles(), { a: 'slave', b: 'master' });
  }));

/** etcd forgets all that was before that revision (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/). */
async function compact(revision: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${server.etcdPort}/v3/kv/compaction`, {
    method: 'POST',
    body: JSON.stringify({ revision, physical: true }),
  });
  assert.equal(response.status, 200, await response.text());
}
