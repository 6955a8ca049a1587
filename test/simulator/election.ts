import type { Leadership } from '../../controller/leadership.ts';
import type { SimTime } from './sim-time.ts';

/** client-go's figures, as controller/kubernetes/leader-election.ts has them. */
const leaseMs = 15_000;
const renewDeadlineMs = 10_000;
const retryMs = 2_000;

/** One that contends for the lease. */
export interface Contender {
  readonly name: string;
  /** It runs and reaches the API server. */
  canRenew(): boolean;
  lead(term: Term): void;
  /** The lease is lost: the term must end. */
  lose(): void;
}

/** A time of leading. Renewals are not played one by one: they are where they would have been. */
export class Term implements Leadership {
  readonly #time: SimTime;
  readonly #begunAt: number;
  /** Set while nothing can be renewed: when the last renewal was. */
  #stoppedAt: number | undefined;
  isOver = false;

  constructor(time: SimTime) {
    this.#time = time;
    this.#begunAt = time.now;
  }

  get renewedAt(): number {
    if (this.#stoppedAt !== undefined) return this.#stoppedAt;
    return this.#begunAt + Math.floor((this.#time.now - this.#begunAt) / retryMs) * retryMs;
  }

  leftMs(): number {
    return this.isOver ? 0 : Math.max(0, leaseMs - (this.#time.now - this.renewedAt));
  }

  interrupt(): void {
    this.#stoppedAt ??= this.renewedAt;
  }

  resume(): void {
    this.#stoppedAt = undefined;
  }
}

/** The one Lease and who holds it. Contenders are asked again whenever something about them has changed. */
export class Election {
  readonly #time: SimTime;
  readonly #contenders: Contender[] = [];
  #holder: Contender | undefined;
  #term: Term | undefined;
  /** When the lease is over for those who watch it. */
  #freeAt = 0;

  constructor(time: SimTime) {
    this.#time = time;
  }

  get leader(): string | undefined {
    return this.#holder?.name;
  }

  join(contender: Contender): void {
    this.#contenders.push(contender);
    this.look();
  }

  /** Something changed: who froze, thawed, died, lost its way or found it again. */
  look(): void {
    const term = this.#term;
    if (this.#holder !== undefined && term !== undefined) {
      if (!this.#holder.canRenew()) {
        term.interrupt();
        this.#freeAt = term.renewedAt + leaseMs;
        this.#time.at(term.renewedAt + renewDeadlineMs, () => this.#deadline(term));
        this.#time.at(this.#freeAt, () => this.look());
      } else if (this.#time.now - term.renewedAt >= renewDeadlineMs) this.#deadline(term);
      else term.resume();
    }
    this.#acquire();
  }

  /** A clean end: the next leader need not wait. */
  release(contender: Contender): void {
    if (this.#holder !== contender) return;
    this.#end();
    this.#freeAt = this.#time.now;
    this.#time.after(1, () => this.look());
  }

  /** It is dead: nobody is told. */
  died(contender: Contender): void {
    this.look();
    if (this.#holder === contender && this.#term !== undefined) this.#end();
  }

  /** A holder that runs notices that it could not renew for too long; one that is frozen does when it thaws. */
  #deadline(term: Term): void {
    const holder = this.#holder;
    if (this.#term !== term || holder === undefined) return;
    if (this.#time.now - term.renewedAt < renewDeadlineMs) return;
    this.#end();
    holder.lose();
    this.#time.after(1, () => this.look());
  }

  #end(): void {
    if (this.#term !== undefined) {
      this.#term.interrupt();
      this.#freeAt = Math.max(this.#freeAt, this.#term.renewedAt + leaseMs);
    }
    this.#holder = undefined;
    this.#term = undefined;
    this.#time.at(this.#freeAt, () => this.look());
  }

  #acquire(): void {
    if (this.#holder !== undefined && this.#time.now < this.#freeAt) return;
    if (this.#holder?.canRenew() === true || this.#time.now < this.#freeAt) return;
    const next = this.#contenders.find((contender) => contender !== this.#holder && contender.canRenew());
    if (next === undefined) return;
    // A frozen holder does not know: its term goes on in its own eyes until its clock says otherwise.
    this.#holder = next;
    this.#term = new Term(this.#time);
    next.lead(this.#term);
  }
}
