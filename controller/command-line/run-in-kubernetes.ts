import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { KubeAccess } from '../kubernetes/kube-access.ts';
import { type ElectionEvent, LeaderElection } from '../kubernetes/leader-election.ts';
import { Replica, type ReplicaTerms } from '../kubernetes/replica.ts';
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
  /** Stands between the loop and its connections, for benches; absent: nothing does. */
  readonly over?: ReplicaTerms['over'];
}

const leaseName = 'understudy-controller';

/** Looks after the groups of a cluster, in turns with its replicas, until told to end. Throws UnderstudyError. */
export async function runInKubernetes(options: ClusterRunOptions): Promise<Code> {
  const { namespace, probeMs, over } = options;
  const log = stderrLog(options.logLevel);
  dieLoudly(log);
  const metrics = new Metrics();
  const access = KubeAccess.from(options.kubeconfig, { note: (call) => metrics.call(call) });
  const identity = `${options.identity ?? hostname()}_${randomBytes(8).toString('hex')}`;
  const replica = new Replica(access, { namespace, identity, probeMs, log, metrics, over });
  const ending = new AbortController();
  const told = toldToEnd(log).then(() => ending.abort());
  let mirrored = false;
  const http = await serveHttp(options.http, {
    whyNotReady: () => (mirrored ? undefined : 'the groups have not been listed yet'),
    metrics: async () => ({ type: metrics.contentType, text: await metrics.text() }),
  });
  log.write('info', 'started', { detail: `${namespace ?? 'the whole cluster'}; http port ${http.port}` });
  await Promise.race([replica.mirror(), told]);
  mirrored = !ending.signal.aborted;
  const election = new LeaderElection(access, {
    namespace: options.leaseNamespace ?? process.env.POD_NAMESPACE ?? access.namespace ?? 'understudy-system',
    name: leaseName,
    identity,
    tell: (event) => {
      noteElection(event, log, metrics);
      if (event.kind === 'fault') replica.faults.note('leases', event.fault);
    },
  });
  await election.run(ending.signal, (term) => replica.lead(term));
  await replica.stop();
  await http.close();
  log.write('info', 'stopped');
  log.flush();
  return ExitCode.done;
}

function noteElection(event: ElectionEvent, log: Log, metrics: Metrics): void {
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
      break;
  }
}
