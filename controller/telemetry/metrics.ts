import { Counter, Gauge, Registry } from 'prom-client';
import type { Status } from '../../crd/status.ts';
import type { ControllerEvent } from '../controller.ts';

/** Something whose age is told: the mirror of a collection. */
export interface Aged {
  readonly staleMs: number | undefined;
  readonly restarts: number;
}

/** Figures for Prometheus. What moves all the time (lag) is told here and not in status. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter;
  readonly #actions: Counter;
  readonly #passes: Counter;
  readonly #leader: Gauge;
  /** By group: the status as last decided; put into figures only when somebody asks. */
  readonly #groups = new Map<string, Status>();
  readonly #mirrors = new Map<string, Aged>();

  constructor() {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'understudy_api_requests_total',
      help: 'Requests to the Kubernetes API server, by what became of them',
      labelNames: ['method', 'resource', 'code'],
      registers,
    });
    this.#actions = new Counter({
      name: 'understudy_actions_total',
      help: 'Actions carried out, by outcome',
      labelNames: ['action', 'outcome'],
      registers,
    });
    this.#passes = new Counter({ name: 'understudy_passes_total', help: 'Looks taken at groups', registers });
    this.#leader = new Gauge({ name: 'understudy_leader', help: '1 while this process leads', registers });
    this.#leader.set(0);
    this.#addMirrorFigures();
    this.#addGroupFigures();
  }

  /** A mirrored collection, by the name of its resource. */
  mirror(resource: string, mirror: Aged): void {
    this.#mirrors.set(resource, mirror);
  }

  call(labels: { readonly method: string; readonly resource: string; readonly code: string }): void {
    this.#requests.inc(labels);
  }

  set leading(leads: boolean) {
    this.#leader.set(leads ? 1 : 0);
    // Whoever leads no longer knows no longer how the groups are.
    if (!leads) this.#groups.clear();
  }

  note(event: ControllerEvent): void {
    if (event.kind === 'decided') {
      this.#passes.inc();
      this.#groups.set(event.key, event.decision.status);
    } else if (event.kind === 'acted') {
      this.#actions.inc({ action: event.action.kind, outcome: event.outcome.kind });
    } else if (event.kind === 'gone') this.#groups.delete(event.key);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #addMirrorFigures(): void {
    const mirrors = this.#mirrors;
    const registers = [this.#registry];
    const labelNames = ['resource'];
    new Gauge({
      name: 'understudy_watch_staleness_seconds',
      help: 'How long ago the API server last told anything of a mirrored collection',
      labelNames,
      registers,
      collect() {
        for (const [resource, { staleMs }] of mirrors)
          if (staleMs !== undefined) this.set({ resource }, staleMs / 1000);
      },
    });
    new Gauge({
      name: 'understudy_watch_restarts',
      help: 'How often the mirror of a collection had to begin again after a fault',
      labelNames,
      registers,
      collect() {
        for (const [resource, { restarts }] of mirrors) this.set({ resource }, restarts);
      },
    });
  }

  #addGroupFigures(): void {
    const groups = this.#groups;
    const registers = [this.#registry];
    const labelNames = ['group', 'condition'];
    new Gauge({
      name: 'understudy_group_condition',
      help: 'Conditions of a group: 1 True, 0 False, -1 Unknown',
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [group, { conditions = [] }] of groups)
          for (const { type, status } of conditions)
            this.set({ group, condition: type }, status === 'True' ? 1 : status === 'False' ? 0 : -1);
      },
    });
    new Gauge({
      name: 'understudy_replica_lag_bytes',
      help: 'Bytes that a replica is behind its primary',
      labelNames: ['group', 'node'],
      registers,
      collect() {
        this.reset();
        for (const [group, { nodes = [] }] of groups)
          for (const { name, lagBytes } of nodes)
            if (lagBytes !== undefined) this.set({ group, node: name }, lagBytes);
      },
    });
    new Gauge({
      name: 'understudy_epoch',
      help: 'The epoch of a group: +1 for every change of primary',
      labelNames: ['group'],
      registers,
      collect() {
        this.reset();
        for (const [group, { epoch = 0 }] of groups) this.set({ group }, epoch);
      },
    });
  }
}
