/** Time as the loop sees it: never jumps, so that a wrong wall clock decides nothing. */
export interface Clock {
  /** Milliseconds since the epoch as of the start, moved on by a monotonic clock since. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}
