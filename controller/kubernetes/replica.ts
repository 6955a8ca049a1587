import { randomBytes } from 'node:crypto';
import { connectGroups } from '../connect-group.ts';
import { type ConnectGroup, Controller, type ControllerEvent } from '../controller.ts';
import { guarded } from '../guarded-nodes.ts';
import { GuardedStore } from '../guarded-store.ts';
import { monotonicClock } from '../monotonic-clock.ts';
import { EventLog } from '../telemetry/event-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { EndpointPublisher } from './endpoint-publisher.ts';
import { EventRecorder } from './event-recorder.ts';
import { FaultLog } from './fault-log.ts';
import { GroupEvents } from './group-events.ts';
import type { KubeAccess } from './kube-access.ts';
import { KubernetesSecrets } from './kubernetes-secrets.ts';
import { KubernetesStore } from './kubernetes-store.ts';
import type { Term } from './leader-election.ts';

export interface ReplicaTerms {
  /** Absent: the whole cluster. */
  readonly namespace?: string | undefined;
  readonly identity: string;
  readonly probeMs: number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Stands between the loop and its connections, for benches; absent: nothing does. */
  readonly over?: ((connect: ConnectGroup) => ConnectGroup) | undefined;
}

const commandTimeoutMs = 500;
/** What a term still had under way ends within this (ms); a process that cannot end it shall not stay. */
const longestEndMs = 30_000;
/** What is left to tell at the end is given this long (ms). */
const flushMs = 1_000;

/**
 * One of the replicas of the controller in a cluster. What it mirrors lasts as long as the process, so that a
 * standby is warm; everything that acts is made anew for each term of leading, and ends with it.
 */
export class Replica {
  readonly store: KubernetesStore;
  readonly faults: FaultLog;
  readonly #terms: ReplicaTerms;
  /** Kept from term to term: what a password was before is known only to who saw it change. */
  readonly #secrets: KubernetesSecrets;
  readonly #recorder: EventRecorder;
  readonly #publisher: EndpointPublisher;
  #events: GroupEvents;

  constructor(access: KubeAccess, terms: ReplicaTerms) {
    const { namespace, metrics } = terms;
    this.#terms = terms;
    this.faults = new FaultLog(terms.log);
    const note = (resource: string) => (fault: Parameters<FaultLog['note']>[1]) =>
      this.faults.note(resource, fault);
    this.store = new KubernetesStore(access, namespace, note('failovergroups'));
    metrics.mirror('failovergroups', this.store);
    this.#secrets = new KubernetesSecrets(access, note('secrets'));
    this.#recorder = new EventRecorder(access, {
      component: 'understudy',
      instance: terms.identity,
    });
    this.#events = new GroupEvents(this.#recorder, this.store);
    this.#publisher = new EndpointPublisher(access, {
      store: this.store,
      namespace,
      tell: (key, news) => this.#events.tell(key, news),
      onFault: note('endpoints'),
    });
  }

  /** Resolves when the groups were listed. */
  async mirror(): Promise<void> {
    // Nobody waits for these: a cluster that refuses them is led all the same, and the log says so.
    void this.#publisher.start();
    await this.store.mirror();
  }

  /** One term of leading, from the first look to the last. */
  async lead(term: Term): Promise<void> {
    const { log, metrics, probeMs, over = (connect) => connect } = this.#terms;
    const lines = new EventLog(log, randomBytes(4).toString('hex'));
    this.#events = new GroupEvents(this.#recorder, this.store);
    const tell = (event: ControllerEvent): void => {
      // Clients wait for this one.
      this.#publisher.note(event);
      lines.note(event);
      metrics.note(event);
      this.#events.note(event);
    };
    const secrets = this.#secrets;
    const connect = over(connectGroups({ secrets, commandTimeoutMs, connectionPrefix: 'understudy' }));
    const controller = new Controller({
      store: new GuardedStore(this.store, term),
      connect: guarded(connect, term),
      clock: monotonicClock(),
      commandTimeoutMs,
      probeMs,
      secrets,
      tell,
    });
    const ended = aborted(term.signal);
    this.#publisher.lead(term);
    secrets.refresh();
    await Promise.race([controller.start(), ended]);
    await ended;
    await endInTime(controller.stop(), log);
    this.#publisher.resign();
  }

  /** Lets go of every mirror and tells what is left to tell. */
  async stop(): Promise<void> {
    await this.#recorder.flush(flushMs);
    await this.#publisher.stop();
    this.#secrets.close();
    await this.store.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A pass that never ends would keep this process from ever being of use again. */
async function endInTime(ended: Promise<void>, log: Log): Promise<void> {
  const timer = setTimeout(() => {
    log.write('fatal', 'could not stop in time', { reason: 'Unexpected' });
    log.flush();
    process.exit(1);
  }, longestEndMs);
  await ended;
  clearTimeout(timer);
}
