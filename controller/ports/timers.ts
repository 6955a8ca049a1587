/** What wakes the loop. One that is not real lets a simulation run the loop through days in seconds. */
export interface Timers {
  /** Milliseconds of a clock that never jumps; only differences mean something. */
  now(): number;
  /** Calls once, so many milliseconds from now; what it returns calls it off. */
  after(milliseconds: number, call: () => void): () => void;
}
