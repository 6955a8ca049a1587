import type { PassEvent } from '../../controller/reconcile-pass.ts';
import type { Action } from '../../reconcilers/action.ts';
import type { SimGroup } from '../world/sim-group.ts';

/** A scenario as a person reads it: what happened, what was found, what was done, what the conditions say. */
export class Transcript {
  readonly #group: SimGroup;
  readonly #lines: string[] = [];
  readonly #begun: number;
  #analysis = '';
  #conditions = '';

  constructor(group: SimGroup) {
    this.#group = group;
    this.#begun = group.world.now;
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  /** Takes over what another one wrote. */
  take(other: Transcript): void {
    this.#lines.push(...other.#lines);
  }

  /** Lets something happen, and says so. */
  when(what: string, happen: () => void): void {
    happen();
    this.#lines.push(`${this.#time()} > ${what}`);
  }

  /** Runs the loop for so long (ms), in its own rhythm. */
  async run(milliseconds: number): Promise<void> {
    const { world } = this.#group;
    const until = world.now + milliseconds;
    while (world.now < until) {
      const at = this.#time();
      const result = await this.#group.pass();
      for (const event of this.#group.events) this.#note(at, event);
      this.#noteConditions(at);
      world.advance(result === 'idle' || result === 'failed' ? Math.min(500, this.#lookAgain()) : 1);
    }
  }

  #lookAgain(): number {
    const decided = this.#group.events.find((event) => event.kind === 'decided');
    return decided?.decision.lookAgainInMs ?? 500;
  }

  #time(): string {
    return `${((this.#group.world.now - this.#begun) / 1000).toFixed(1).padStart(6)}s`;
  }

  #note(at: string, event: PassEvent): void {
    if (event.kind === 'decided') {
      const { lead, plan } = event.decision;
      const parts = [lead.analysis?.reason ?? 'no primary known'];
      if (lead.blocked !== undefined) parts.push(`blocked by ${lead.blocked.reason}`);
      if (plan.blocked !== undefined) parts.push(`blocked by ${plan.blocked.reason}`);
      if (plan.unitsBlocked !== undefined) parts.push(`units blocked by ${plan.unitsBlocked.reason}`);
      const analysis = `${lead.current ?? '-'}: ${parts.join(', ')}`;
      if (analysis !== this.#analysis) this.#lines.push(`${at}   ${analysis}`);
      this.#analysis = analysis;
      return;
    }
    const outcome = event.outcome.kind === 'done' ? '' : ` → ${event.outcome.kind}: ${event.outcome.reason}`;
    this.#lines.push(`${at}     ${describe(event.action)}${outcome}`);
  }

  #noteConditions(at: string): void {
    const said = (this.#group.status.conditions ?? []).map(
      ({ type, status, reason }) => `${type}=${status} (${reason})`,
    );
    const wrong = said.filter((text) => !/=True|Paused=False/.test(text) || /^Paused=True/.test(text));
    const conditions = wrong.length === 0 ? 'all is well' : wrong.join(', ');
    if (conditions !== this.#conditions) this.#lines.push(`${at}   = ${conditions}`);
    this.#conditions = conditions;
  }
}

function describe(action: Action): string {
  switch (action.kind) {
    case 'record': {
      const { epoch, currentPrimary, transition } = action.status;
      const open =
        transition === undefined
          ? ''
          : `, ${transition.kind} to ${transition.to} because ${transition.cause}`;
      return `record epoch ${epoch}, primary ${currentPrimary ?? '-'}${open}`;
    }
    case 'handOver':
      return `handOver ${action.from} to ${action.to}`;
    case 'repoint':
      return `repoint ${action.node} to ${action.to}${action.dropClients ? ', sending its clients away' : ''}`;
    case 'startUnits':
      return `startUnits on ${action.node}; ${action.proofs.map(({ node, proof }) => `${node} ${proof}`).join(', ')}`;
    case 'fence':
      return `fence ${action.node} by ${action.method}`;
    case 'rotatePassword':
      return `rotatePassword on ${action.node}: ${action.stage}`;
    case 'applyConfig':
      return `applyConfig on ${action.node}: ${Object.keys(action.settings).join(', ')}`;
    default:
      return `${action.kind} ${action.node}`;
  }
}
