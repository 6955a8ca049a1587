import type { ApiServer } from '../../kubernetes/api-server.ts';
import { controllerFigures, type Sample, samplesOf, serverFigures } from './figures.ts';

/** What both sides tell at one moment; counts are since the start of each. */
export interface Figures {
  /** ms, of this process. */
  readonly at: number;
  readonly ready: number;
  readonly passes: number;
  readonly actions: number;
  /** Actions and writes: grows as long as anything is done. */
  readonly done: number;
  readonly client: Counts;
  readonly server: Counts;
}

interface Counts {
  readonly reads: number;
  readonly watches: number;
  readonly writes: number;
  readonly leaseReads: number;
  readonly leaseWrites: number;
}

/** Requests a second, as the controller counts them and as the API server does (which counts a watch when it ends). */
export interface ApiRates {
  readonly client: Counts;
  readonly server: Counts;
}

const clientNames = [
  'understudy_api_requests_total',
  'understudy_actions_total',
  'understudy_passes_total',
  'understudy_group_condition',
];
const serverNames = ['apiserver_request_total'];

/** Of resources that only the controller under measurement asks for; the server's own loops ask for others. */
const ours = new Set(['failovergroups', 'services', 'endpointslices', 'events', 'secrets', 'leases']);

export async function figuresOf(http: string, server: ApiServer): Promise<Figures> {
  const told = samplesOf(await controllerFigures(http), clientNames);
  const at = performance.now();
  const requests = samplesOf(await serverFigures(server), serverNames);
  const named = (name: string): Sample[] => told.filter((sample) => sample.name === name);
  const client = counts(
    named('understudy_api_requests_total').map(({ labels, value }) => ({
      verb: labels.method ?? '',
      resource: (labels.resource ?? '').split('/')[0] ?? '',
      value,
    })),
  );
  const actions = sum(named('understudy_actions_total'));
  return {
    at,
    ready: sum(named('understudy_group_condition').filter(({ labels }) => labels.condition === 'Ready')),
    passes: sum(named('understudy_passes_total')),
    actions,
    done: actions + client.writes,
    client,
    server: counts(
      requests.map(({ labels, value }) => ({
        verb: labels.verb ?? '',
        resource: labels.resource ?? '',
        value,
      })),
    ),
  };
}

export function apiRates(before: Figures, after: Figures): ApiRates {
  const seconds = (after.at - before.at) / 1_000;
  const rates = (from: Counts, to: Counts): Counts => {
    const rate = (name: keyof Counts): number => Math.round(((to[name] - from[name]) / seconds) * 100) / 100;
    return {
      reads: rate('reads'),
      watches: rate('watches'),
      writes: rate('writes'),
      leaseReads: rate('leaseReads'),
      leaseWrites: rate('leaseWrites'),
    };
  };
  return { client: rates(before.client, after.client), server: rates(before.server, after.server) };
}

/** `verb`: the client's HTTP method or WATCH, or the server's verb, which is much the same with LIST and APPLY. */
function counts(
  requests: readonly { readonly verb: string; readonly resource: string; readonly value: number }[],
): Counts {
  const total = (kind: 'read' | 'watch' | 'write', lease: boolean): number =>
    requests
      .filter(({ resource }) => ours.has(resource) && (resource === 'leases') === lease)
      .filter(({ verb }) => kindOf(verb) === kind)
      .reduce((all, { value }) => all + value, 0);
  return {
    reads: total('read', false),
    watches: total('watch', false),
    writes: total('write', false),
    leaseReads: total('read', true),
    leaseWrites: total('write', true),
  };
}

function kindOf(verb: string): 'read' | 'watch' | 'write' {
  if (verb === 'WATCH') return 'watch';
  return verb === 'GET' || verb === 'LIST' ? 'read' : 'write';
}

const sum = (samples: readonly Sample[]): number => samples.reduce((total, { value }) => total + value, 0);
