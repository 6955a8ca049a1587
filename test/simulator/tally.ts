/** Why nothing could be said about a promotion, or about the loss that was told of it. */
export type Unjudged = 'accepted' | 'unknownPast';

/** What the judge counted. */
export interface Tally {
  switchovers: number;
  failovers: number;
  adoptions: number;
  effects: number;
  statusWrites: number;
  copies: number;
  lostBytes: number;
  overlapMs: number;
  /** While an old primary that came back by itself took writes beside the new one. */
  cameBackOverlapMs: number;
  longestOverlapMs: number;
  fencedByLease: number;
  /** Promotions by controllers, and how many of them were held against S4 and S5. */
  promotions: number;
  judgedPromotions: number;
  /** The others, by what kept them from it. */
  readonly unjudged: Record<Unjudged, number>;
  /** Judged promotions of a replica that took nothing through its link, and so lacks more than is tolerated of what nobody saw. */
  slowLinks: number;
  /** Demotions that left a frozen controller when the pause before them was over, and cost something. */
  lateOrders: number;
  /** Losses that failovers told of, and how many of them were held against what was lost. */
  lossesTold: number;
  lossesJudged: number;
  /** Losses told by estimate, and how many of them were too low. */
  estimates: number;
  lowEstimates: number;
}

export const freshTally = (): Tally => ({
  switchovers: 0,
  failovers: 0,
  adoptions: 0,
  effects: 0,
  statusWrites: 0,
  copies: 0,
  lostBytes: 0,
  overlapMs: 0,
  cameBackOverlapMs: 0,
  longestOverlapMs: 0,
  fencedByLease: 0,
  promotions: 0,
  judgedPromotions: 0,
  unjudged: { accepted: 0, unknownPast: 0 },
  slowLinks: 0,
  lateOrders: 0,
  lossesTold: 0,
  lossesJudged: 0,
  estimates: 0,
  lowEstimates: 0,
});
