/** What a step cost. Times in ms; undefined where there was nothing of the kind. */
export interface StepResult {
  readonly name: string;
  /** The longest time without an acknowledgement to any of the writers. */
  readonly writeGapMs: number;
  readonly ackedWrites: number;
  /** Acknowledged in this step, and not on the primary at its end. */
  readonly lostWrites: number;
  /** The longest time in which a bot did not work on any node. */
  readonly unitsGapMs: number;
  /** How much of that the programs of the bots took to begin once their processes ran, at worst; absent: none began. */
  readonly unitsOwnStartMs?: number;
  /** How long a bot ran more than once at the same time. */
  readonly overlapMs: number;
  /** Of the writes that the failover lost, those that are in the preserved copy. Rejoin only. */
  readonly keptWrites?: number;
  /** Bytes of the replication stream that the controller counted as lost. Rejoin only. */
  readonly countedLostBytes?: number;
  /** false: at least so many, for the process that knew died. Rejoin only. */
  readonly countedExactly?: boolean;
  /** Where the diverged data was kept: node:path. Rejoin only. */
  readonly preserved?: string;
  /** As the controller tells it in status.lastTransition. */
  readonly told: ToldTimes;
}

export interface ToldTimes {
  readonly detectMs?: number;
  readonly promoteMs?: number;
  readonly unitsMs?: number;
}

/** What is wrong with the results, one line each; nothing when all is as promised. */
export function faultsOf(results: readonly StepResult[]): string[] {
  const faults = results.flatMap(({ name, lostWrites, overlapMs }) => [
    ...(overlapMs === 0 ? [] : [`${name}: a bot ran twice for ${overlapMs} ms`]),
    ...(lostWrites === 0 || name === 'failover'
      ? []
      : [`${name}: ${lostWrites} acknowledged writes were lost`]),
  ]);
  const lost = results.find(({ name }) => name === 'failover')?.lostWrites ?? 0;
  for (const { name, keptWrites, countedLostBytes } of results) {
    if (keptWrites === undefined) continue;
    if (keptWrites !== lost) faults.push(`${name}: ${keptWrites} of ${lost} lost writes were kept`);
    if (lost > 0 && (countedLostBytes ?? 0) === 0) faults.push(`${name}: the lost writes were not counted`);
  }
  return faults;
}
