import type { Contender } from '../contender.ts';

/** No one looks after the pair: what Redis and a restarting init system do by themselves. */
export class Nobody implements Contender {
  async setUp(): Promise<void> {}

  async tearDown(): Promise<void> {}
}
