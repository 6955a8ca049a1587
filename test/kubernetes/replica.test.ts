import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiCall, KubeAccess, KubeObject } from '../../controller/kubernetes/kube-access.ts';
import { Replica } from '../../controller/kubernetes/replica.ts';
import { Metrics } from '../../controller/telemetry/metrics.ts';

/** A claimed group of which nothing is on record yet. Nobody listens at its nodes. */
const group: KubeObject = {
  apiVersion: 'understudy.dev/v1alpha1',
  kind: 'FailoverGroup',
  metadata: {
    name: 'pair',
    namespace: 'ns',
    uid: 'u-1',
    resourceVersion: '7',
    generation: 1,
    finalizers: ['understudy.dev/leases'],
  },
  spec: {
    primary: 'a',
    nodes: ['a', 'b'].map((name, index) => ({ name, redis: { host: '127.0.0.1', port: 1 + index } })),
    redis: {},
  },
};

/** An API server that has that group alone and notes the writes of its status. */
function clusterOf(writes: string[]): KubeAccess {
  const call = async ({ method, path }: ApiCall): Promise<unknown> => {
    if (method === 'PUT') writes.push(path);
    if (method !== 'GET') return group;
    return { metadata: { resourceVersion: '7' }, items: path.endsWith('/failovergroups') ? [group] : [] };
  };
  const watch = (_path: string, _query: object, { signal }: { signal: AbortSignal }): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return { call, watch } as unknown as KubeAccess;
}

/** A term of leading with so much left of its lease, until the record was tried; gives the writes of status. */
async function recordsWith(leftMs: number): Promise<readonly string[]> {
  const writes: string[] = [];
  const end = new AbortController();
  const log = {
    write: (_level: string, message: string, { action }: { action?: string } = {}) => {
      if (message === 'acted' && action === 'record') end.abort();
    },
    keeps: () => true,
    flush: () => undefined,
  };
  const terms = { identity: 'one', probeMs: 100, log, metrics: new Metrics() };
  const replica = new Replica(clusterOf(writes), terms);
  await replica.mirror();
  await replica.lead({ signal: end.signal, leftMs: () => leftMs });
  await replica.stop();
  return writes;
}

test('what a leader decided is recorded only while its lease has time left: no precondition stops it in a group that rests', async () => {
  assert.notDeepEqual(await recordsWith(5_000), []);
  assert.deepEqual(await recordsWith(4_999), []);
});
