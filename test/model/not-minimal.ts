/** Plans that are longer than the shortest one that the search finds, and why that is right. */
export interface Longer {
  /** The moves that the controller makes, in their order. */
  readonly moves: RegExp;
  readonly reason: string;
}

export const longer: readonly Longer[] = [];

export const reasonFor = (moves: string): string | undefined =>
  longer.find((known) => known.moves.test(moves))?.reason;
