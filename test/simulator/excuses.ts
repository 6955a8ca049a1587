import type { Status } from '../../crd/status.ts';

/** What an operator chose against the rules is not the controller's doing: each choice excuses what it is about. */
export class Excuses {
  #unfencedUntil = 0;
  readonly #accepted = new Map<string, number>();

  /** fencing: BestEffort, up to then (ms): a long silence counts as a proof, and two may run at once. */
  unfenced(until: number): void {
    this.#unfencedUntil = Math.max(this.#unfencedUntil, until);
  }

  isUnfenced(now: number): boolean {
    return now <= this.#unfencedUntil;
  }

  /** understudy.dev/accept-data-of: that node may lead with what it has, by the change that this epoch begins. */
  accepted(node: string, epoch: number): void {
    this.#accepted.set(node, epoch);
  }

  /** An answer goes for the epoch that it names, and for the change that was opened on it. */
  isAccepted(node: string, { epoch = 0, transition }: Status): boolean {
    const named = this.#accepted.get(node);
    return named !== undefined && named <= epoch && named >= (transition?.fromEpoch ?? epoch);
  }
}
