import type { Look } from '../../controller/command-line/look.ts';
import { recalled } from '../../controller/command-line/recalled-memory.ts';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import { parseFailoverGroup } from '../../crd/parse.ts';
import type { Status } from '../../crd/status.ts';
import type {
  HostView,
  NodeObservation,
  PrimaryView,
  ReplicaView,
  UnitState,
} from '../../reconcilers/observation.ts';
import { reconcile } from '../../reconcilers/reconcile.ts';
import type { Situation } from '../../reconcilers/situation.ts';

/** When all looks of this fixture are taken. */
export const now = Date.parse('2026-11-22T03:11:07.250Z');

const groupText = `apiVersion: understudy.dev/v1alpha1
kind: FailoverGroup
metadata: { name: quantshift }
spec:
  primary: ct100
  nodes:
    - { name: ct100, redis: { host: 10.92.3.27 }, local: { directory: /units/ct100 } }
    - { name: ct101, redis: { host: 10.92.3.28 }, local: { directory: /units/ct101 } }
  units: [{ name: equity.service }, { name: crypto.service }]
`;

const data = {
  state: 'answers' as const,
  runId: 'run',
  replicationId: 'id-1',
  offset: 52_000,
  keys: 200,
  usedMemoryBytes: 1_234_567,
  diskFailing: false,
  config: { 'repl-ping-replica-period': '1' },
  otherAgent: false,
  priority: 100,
};

export const primary: PrimaryView = { ...data, role: 'primary', replicas: [] };

/** A healthy replica of the node with that address. */
export function replicaOf(host: string): ReplicaView {
  return { ...data, role: 'replica', of: { host, port: 6379 }, link: 'up', lastIoSeconds: 0 };
}

export function machine(state: UnitState): HostView {
  const units = ['equity.service', 'crypto.service'].map((name) => ({
    name,
    state,
    result: 'success',
    restarts: 0,
    enabledAtBoot: false,
    restartsItself: false,
  }));
  return { state: 'answers', bootId: 'boot', units, epoch: 7 };
}

function group(change: Partial<FailoverGroup['spec']> = {}): FailoverGroup {
  const parsed = parseFailoverGroup(groupText, 'quantshift.yaml');
  if (!parsed.ok) throw new Error('the fixture is no valid group');
  return { ...parsed.group, spec: { ...parsed.group.spec, ...change } };
}

export interface LookTerms {
  readonly spec?: Partial<FailoverGroup['spec']>;
  readonly status?: Status;
  readonly nodes?: readonly NodeObservation[];
  readonly controllerRunning?: boolean;
}

export const healthyNodes: readonly NodeObservation[] = [
  { name: 'ct100', redis: primary, host: machine('running') },
  { name: 'ct101', redis: replicaOf('10.92.3.27'), host: machine('stopped') },
];

/** A record of a group that has been well. */
export const settledStatus: Status = {
  observedGeneration: 3,
  epoch: 7,
  currentPrimary: 'ct100',
  handledPrimary: 'ct100',
  primaryReplicationId: 'id-1',
  nodes: [
    { name: 'ct100', role: 'primary', reachable: true },
    { name: 'ct101', role: 'replica', reachable: true, inSync: true },
  ],
};

/** A look at that group as the command would have it. */
export function lookAt(terms: LookTerms = {}): Look {
  const { spec, status = settledStatus, nodes = healthyNodes, controllerRunning = true } = terms;
  const document = { path: '/etc/fg.yaml', file: '/etc/fg.yaml', folder: '/etc', group: group(spec) };
  const situation: Situation = {
    spec: document.group.spec,
    generation: 3,
    wishes: {},
    status,
    observation: { nodes },
    memory: recalled(status),
    now,
  };
  return { document, controllerRunning, recorded: status, situation, decision: reconcile(situation) };
}
