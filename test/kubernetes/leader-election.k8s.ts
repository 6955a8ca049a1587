import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { ApiFault } from '../../controller/kubernetes/api-fault.ts';
import { KubeAccess } from '../../controller/kubernetes/kube-access.ts';
import {
  type ElectionEvent,
  LeaderElection,
  type Term,
} from '../../controller/kubernetes/leader-election.ts';
import { type LeaseRecord, microTime } from '../../controller/kubernetes/leader-lease.ts';
import { until } from '../redis/until.ts';
import { ApiServer } from './api-server.ts';

/** A held lease binds for so long (ms) after it was last seen to change. */
const leaseMs = 15_000;
const patienceMs = 40_000;

let server: ApiServer;
let access: KubeAccess;
before(async () => {
  server = await ApiServer.start();
  access = KubeAccess.from(server.kubeconfig);
});
after(() => server.stop());

const namespace = 'default';
const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;

/** One that contends in this process, and what became of it. */
class Contender {
  readonly identity: string;
  readonly told: ElectionEvent[] = [];
  readonly #end = new AbortController();
  readonly #news = new EventEmitter();
  readonly #running: Promise<void>;
  term: Term | undefined;

  constructor(identity: string, name: string) {
    this.identity = identity;
    const tell = (event: ElectionEvent): void => {
      this.told.push(event);
      this.#news.emit('told');
    };
    const election = new LeaderElection(access, { namespace, name, identity, tell });
    this.#running = election.run(this.#end.signal, async (term) => {
      this.term = term;
      if (!term.signal.aborted) await once(term.signal, 'abort');
    });
  }

  get leads(): boolean {
    return this.term !== undefined && !this.term.signal.aborted && this.term.leftMs() > 0;
  }

  async until(kind: ElectionEvent['kind']): Promise<void> {
    const signal = AbortSignal.timeout(patienceMs);
    while (this.told.every((event) => event.kind !== kind)) await once(this.#news, 'told', { signal });
  }

  async end(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }
}

/** Plays with a lease of its own; whoever contends ends with it. */
async function on(
  play: (enter: (identity: string) => Contender, name: string) => Promise<void>,
): Promise<void> {
  const name = `election-${randomBytes(4).toString('hex')}`;
  const all: Contender[] = [];
  try {
    await play((identity) => {
      const contender = new Contender(identity, name);
      all.push(contender);
      return contender;
    }, name);
  } finally {
    await Promise.all(all.map((contender) => contender.end()));
  }
}

async function lease(name: string): Promise<Partial<LeaseRecord> | undefined> {
  try {
    return (await access.call({ method: 'GET', path: `${path}/${name}` })).spec as Partial<LeaseRecord>;
  } catch (cause) {
    if (cause instanceof ApiFault && cause.code === 'NotFound') return undefined;
    throw cause;
  }
}

async function write(name: string, spec: Partial<LeaseRecord>): Promise<void> {
  const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
  await access.call({ method: 'POST', path, body });
}

const anHour = 3_600_000;

describe('A lease', { concurrency: 6 }, () => {
  test('is held by one of two, renewed by it, and given over when it ends', () =>
    on(async (enter, name) => {
      const first = enter('first');
      await first.until('leading');
      const second = enter('second');
      await second.until('following');
      const before = await lease(name);
      assert.equal(before?.holderIdentity, 'first');
      assert.equal(before?.leaseDurationSeconds, 15);
      await until('a renewal', async () => (await lease(name))?.renewTime !== before?.renewTime);
      assert.equal(second.leads, false);
      await first.end();
      await second.until('leading');
      assert.equal((await lease(name))?.leaseTransitions, 1);
      assert.equal(first.leads, false);
    }));

  test('gives a term only as much time as is left of it, and none at its end', () =>
    on(async (enter) => {
      const only = enter('only');
      await only.until('leading');
      const { term } = only;
      assert.ok(term !== undefined && term.leftMs() > 0 && term.leftMs() <= leaseMs);
      await only.end();
      assert.equal(term.leftMs(), 0);
    }));

  for (const { whose, shift } of [
    { whose: 'an hour behind', shift: -anHour },
    { whose: 'an hour ahead', shift: anHour },
  ])
    test(`of a holder whose clock is ${whose} is left to it for its time by our own clock, and no longer`, () =>
      on(async (enter, name) => {
        const written = microTime(new Date(Date.now() + shift));
        const from = performance.now();
        await write(name, {
          holderIdentity: 'dead',
          leaseDurationSeconds: 15,
          renewTime: written,
          acquireTime: written,
          leaseTransitions: 7,
        });
        const heir = enter('heir');
        await heir.until('leading');
        // No more of it than that it waits at all: an immediate takeover would be an hour early.
        assert.ok(performance.now() - from >= leaseMs, `it led after ${performance.now() - from} ms`);
        assert.equal((await lease(name))?.leaseTransitions, 8);
      }));

  test('that somebody deletes is made anew by its holder, and nobody else takes it', () =>
    on(async (enter, name) => {
      const first = enter('first');
      await first.until('leading');
      const second = enter('second');
      await second.until('following');
      await access.call({ method: 'DELETE', path: `${path}/${name}` });
      await until('the lease to be there anew', async () => (await lease(name)) !== undefined);
      assert.equal((await lease(name))?.holderIdentity, 'first');
      assert.equal(first.leads, true);
      assert.equal(second.leads, false);
      assert.deepEqual(
        first.told.filter(({ kind }) => kind === 'lost'),
        [],
      );
    }));

  for (const { what, spec } of [
    { what: 'with nothing in it', spec: {} },
    { what: 'that names no holder', spec: { leaseDurationSeconds: 15, leaseTransitions: 3 } },
  ])
    test(`${what} is free`, () =>
      on(async (enter, name) => {
        await write(name, spec);
        const first = enter('first');
        await first.until('leading');
        assert.equal((await lease(name))?.holderIdentity, 'first');
      }));

  test('of a stranger who wrote no more than a name is left to it for its time, and then taken', () =>
    on(async (enter, name) => {
      await write(name, { holderIdentity: 'a stranger' });
      const first = enter('first');
      await first.until('following');
      await first.until('leading');
      assert.equal((await lease(name))?.holderIdentity, 'first');
    }));

  test('that somebody else wrote his name into ends the term of its holder', () =>
    on(async (enter, name) => {
      const first = enter('first');
      await first.until('leading');
      const body = { spec: { holderIdentity: 'a stranger' } };
      await access.call({
        method: 'PATCH',
        path: `${path}/${name}`,
        body,
        patch: 'application/merge-patch+json',
      });
      await first.until('lost');
      assert.equal(first.leads, false);
      await first.until('following');
    }));
});
