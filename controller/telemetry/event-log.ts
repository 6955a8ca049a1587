import type { Action, Outcome } from '../../reconcilers/action.ts';
import type { Decision } from '../../reconcilers/reconcile.ts';
import type { ControllerEvent } from '../controller.ts';
import { UnderstudyError } from '../understudy-error.ts';
import type { Log, LogFields } from './log.ts';

/** What was last told of a group, so that only news is told. */
interface Told {
  readonly analysis: string;
  readonly blocked: string;
  readonly fault: string;
}

const nothingTold: Told = { analysis: '', blocked: '', fault: '' };

/** Puts what the controller does into the log. In steady state nothing of it is above debug. */
export class EventLog {
  readonly #log: Log;
  /** Tells the passes of this process from those of the one before. */
  readonly #process: string;
  readonly #told = new Map<string, Told>();

  constructor(log: Log, processId: string) {
    this.#log = log;
    this.#process = processId;
  }

  note(event: ControllerEvent): void {
    const group = event.key;
    switch (event.kind) {
      case 'decided':
        this.#decided(event.decision, { group, reconcileId: `${this.#process}-${event.pass}` });
        break;
      case 'acted':
        this.#acted(event, { group, reconcileId: `${this.#process}-${event.pass}` });
        break;
      case 'problem':
        this.#log.write('warn', 'document not taken up', { group, detail: event.message });
        break;
      case 'fault':
        this.#fault(event.cause, group);
        break;
      case 'retired':
        this.#retired(group, event.unreached);
        break;
      case 'gone':
        this.#told.delete(group);
        this.#log.write('info', 'group gone', { group });
        break;
    }
  }

  #decided(decision: Decision, fields: LogFields): void {
    const { lead, plan } = decision;
    const { told, group } = this.#of(fields);
    const node = lead.current === undefined ? {} : { node: lead.current };
    const reason = lead.analysis?.reason ?? lead.blocked?.reason ?? 'NoPrimaryKnown';
    const analysis = `${lead.current ?? ''} ${reason}`;
    const detail = lead.analysis === undefined ? {} : { detail: lead.analysis.message };
    if (analysis !== told.analysis)
      this.#log.write('info', 'primary analysis changed', { ...fields, ...node, reason, ...detail });
    const findings = [lead.blocked, plan.blocked, plan.unitsBlocked].filter((one) => one !== undefined);
    const blocked = findings.map((finding) => finding.reason).join(' ');
    if (blocked !== told.blocked) {
      for (const finding of findings)
        this.#log.write('warn', 'blocked', {
          ...fields,
          ...node,
          reason: finding.reason,
          detail: finding.message,
        });
      if (blocked === '') this.#log.write('info', 'no longer blocked', { ...fields, ...node });
    }
    this.#told.set(group, { analysis, blocked, fault: '' });
    if (this.#log.keeps('debug')) this.#log.write('debug', 'decided', { ...fields, ...node, reason });
  }

  #acted(event: { action: Action; outcome: Outcome; milliseconds: number }, fields: LogFields): void {
    const { action, outcome } = event;
    const failure = outcome.kind === 'done' ? {} : { reason: outcome.reason, detail: outcome.message };
    const ms = Math.round(event.milliseconds * 10) / 10;
    const all = { ...fields, ...subject(action), outcome: outcome.kind, ms, ...failure };
    this.#log.write(outcome.kind === 'done' ? 'info' : 'warn', 'acted', all);
  }

  #retired(group: string, unreached: readonly string[]): void {
    this.#told.delete(group);
    const detail = `${unreached.join(', ')}: not reached in time; what watches its units there may stop them when no replica is attached`;
    if (unreached.length === 0) this.#log.write('info', 'group retired', { group });
    else this.#log.write('warn', 'group retired, leases left behind', { group, detail });
  }

  #fault(cause: unknown, group: string): void {
    const reason = cause instanceof UnderstudyError ? cause.code : 'Unexpected';
    const detail = describeFault(cause);
    const told = this.#told.get(group) ?? nothingTold;
    const fault = `${reason} ${detail}`;
    this.#log.write(fault === told.fault ? 'debug' : 'error', 'pass failed', { group, reason, detail });
    this.#told.set(group, { ...told, fault });
  }

  #of({ group = '' }: LogFields): { told: Told; group: string } {
    return { told: this.#told.get(group) ?? nothingTold, group };
  }
}

function subject(action: Action): LogFields {
  if (action.kind === 'record') {
    const { epoch } = action.status;
    return { action: action.kind, ...(epoch === undefined ? {} : { epoch }) };
  }
  const node = action.kind === 'handOver' ? action.to : action.node;
  return { action: action.kind, node, epoch: action.epoch };
}

/** Words for a person when it is a failure that we know; the place in the code when it is not. */
export function describeFault(cause: unknown): string {
  if (cause instanceof UnderstudyError) return cause.message;
  if (!(cause instanceof Error)) return 'something that is no Error was thrown';
  return cause.stack ?? `${cause.name}: ${cause.message}`;
}
