import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { connectGroups } from '../connect-group.ts';
import { Controller, type ControllerEvent } from '../controller.ts';
import { guarded } from '../guarded-nodes.ts';
import type { ApiFault } from '../kubernetes/api-fault.ts';
import { KubeAccess } from '../kubernetes/kube-access.ts';
import { KubernetesSecrets } from '../kubernetes/kubernetes-secrets.ts';
import { KubernetesStore } from '../kubernetes/kubernetes-store.ts';
import { type ElectionEvent, LeaderElection, type Term } from '../kubernetes/leader-election.ts';
import { monotonicClock } from '../monotonic-clock.ts';
import { EventLog } from '../telemetry/event-log.ts';
import { serveHttp } from '../telemetry/http-endpoint.ts';
import type { Log, LogLevel } from '../telemetry/log.ts';
import { stderrLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import type { ExitCode as Code } from './exit-code.ts';
import { ExitCode } from './exit-code.ts';
import { dieLoudly, toldToEnd } from './own-process.ts';

export interface ClusterRunOptions {
  readonly probeMs: number;
  readonly logLevel: LogLevel;
  /** Absent: as kubectl finds its own, or the pod's service account. */
  readonly kubeconfig?: string;
  /** Absent: the whole cluster. */
  readonly namespace?: string;
  /** Where the Lease of the election is. Absent: the namespace of the pod. */
  readonly leaseNamespace?: string;
  /** host:port of healthz, readyz and metrics. */
  readonly http: string;
  /** The first part of what this process is called in the election; absent: the host's name. */
  readonly identity?: string;
}

const commandTimeoutMs = 500;
const leaseName = 'understudy-controller';
/** What a term still had under way ends within this (ms); a process that cannot end it shall not stay. */
const longestEndMs = 30_000;

/** Looks after the groups of a cluster, in turns with its replicas, until told to end. Throws UnderstudyError. */
export async function runInKubernetes(options: ClusterRunOptions): Promise<Code> {
  const log = stderrLog(options.logLevel);
  dieLoudly(log);
  const metrics = new Metrics();
  const access = KubeAccess.from(options.kubeconfig, { note: (call) => metrics.call(call) });
  const faults = new FaultLog(log);
  const store = new KubernetesStore(access, options.namespace, (fault) =>
    faults.note('failovergroups', fault),
  );
  metrics.mirror('failovergroups', store);
  const ending = new AbortController();
  const told = toldToEnd(log).then(() => ending.abort());
  let mirrored = false;
  const http = await serveHttp(options.http, {
    whyNotReady: () => (mirrored ? undefined : 'the groups have not been listed yet'),
    metrics: async () => ({ type: metrics.contentType, text: await metrics.text() }),
  });
  log.write('info', 'started', {
    detail: `${options.namespace ?? 'the whole cluster'}; http port ${http.port}`,
  });
  await Promise.race([store.mirror(), told]);
  mirrored = !ending.signal.aborted;
  const election = new LeaderElection(access, {
    namespace: leaseNamespaceOf(options, access),
    name: leaseName,
    identity: `${options.identity ?? hostname()}_${randomBytes(8).toString('hex')}`,
    tell: (event) => noteElection(event, { log, metrics, faults }),
  });
  // Kept from term to term: what a password was before is known only to who saw it change.
  const secrets = new KubernetesSecrets(access, (fault) => faults.note('secrets', fault));
  const stage = { options, secrets, store, metrics, log };
  await election.run(ending.signal, (term) => lead(term, stage));
  secrets.close();
  await store.close();
  await http.close();
  log.write('info', 'stopped');
  log.flush();
  return ExitCode.done;
}

interface Stage {
  readonly options: ClusterRunOptions;
  readonly secrets: KubernetesSecrets;
  readonly store: KubernetesStore;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** One term of leading, from the first look to the last: everything that acts is made for it and ends with it. */
async function lead(term: Term, { options, secrets, store, metrics, log }: Stage): Promise<void> {
  const events = new EventLog(log, randomBytes(4).toString('hex'));
  const tell = (event: ControllerEvent): void => {
    events.note(event);
    metrics.note(event);
  };
  const connect = connectGroups({ secrets, commandTimeoutMs, connectionPrefix: 'understudy' });
  const controller = new Controller({
    store,
    connect: guarded(connect, term),
    clock: monotonicClock(),
    commandTimeoutMs,
    probeMs: options.probeMs,
    secrets,
    tell,
  });
  const over = aborted(term.signal);
  await Promise.race([controller.start(), over]);
  await over;
  await endInTime(controller.stop(), log);
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
    process.exit(ExitCode.failed);
  }, longestEndMs);
  await ended;
  clearTimeout(timer);
}

function leaseNamespaceOf({ leaseNamespace }: ClusterRunOptions, access: KubeAccess): string {
  return leaseNamespace ?? process.env.POD_NAMESPACE ?? access.namespace ?? 'understudy-system';
}

function noteElection(
  event: ElectionEvent,
  { log, metrics, faults }: Pick<Stage, 'log' | 'metrics'> & { readonly faults: FaultLog },
): void {
  switch (event.kind) {
    case 'leading':
      metrics.leading = true;
      log.write('info', 'leading');
      break;
    case 'lost':
      metrics.leading = false;
      log.write('warn', 'leads no longer', { detail: event.why });
      break;
    case 'following':
      log.write('info', 'following', { detail: event.leader });
      break;
    case 'fault':
      faults.note('leases', event.fault);
      break;
  }
}

/** An outage is one line, not one a second: the same fault is told again only when there was none for so long (ms). */
const faultSilenceMs = 30_000;

/** The API server's faults. */
class FaultLog {
  readonly #log: Log;
  readonly #last = new Map<string, { readonly code: string; readonly at: number }>();

  constructor(log: Log) {
    this.#log = log;
  }

  note(resource: string, { code, message }: ApiFault): void {
    const last = this.#last.get(resource);
    const at = performance.now();
    const known = last?.code === code && at - last.at < faultSilenceMs;
    this.#last.set(resource, { code, at });
    this.#log.write(known ? 'debug' : 'warn', 'API server fault', {
      reason: code,
      detail: `${resource}: ${message}`,
    });
  }
}
