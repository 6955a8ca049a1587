import type { Status, TransitionRecord } from '../../crd/status.ts';
import type { Data } from './history.ts';
import { commonEnd } from './history.ts';
import type { Bench } from './judge.ts';
import type { Server } from './server.ts';

/** A change that was decided on: what its old primary had written by then, the histories of it by their ids. */
interface Opened {
  readonly from: string;
  readonly lives: ReadonlySet<string>;
  /** The one on record. */
  readonly history: string;
}

/** A promotion over a primary that was lost. */
interface Lost extends Opened {
  readonly to: string;
  /** What the new primary got. */
  readonly got: Data;
  /** What it had heard of and not taken. */
  readonly heardOf: number;
  readonly promotedAt: number;
  /** A controller made the old one a replica. */
  isDemoted: boolean;
  /** What it was in all, once the old one holds the new one's data. */
  inAll: number | undefined;
}

/**
 * An estimate is as good as the pace that it is made by: that is measured between two looks, each of which may have
 * been answered a moment before or after it is noted, and clients that were away begin again just then.
 */
const inexactness = 0.02;
const inexactWrites = 10;

/**
 * Judges what a failover says that it has cost (S3), against what was lost. PINGs are no part of these histories:
 * offsets count writes alone. What is told as exact must be so to the byte; an estimate must not be lower than what
 * the controller itself saw. What it makes of the time in which nobody saw anything is held against the truth, too,
 * but for what its candidate had heard of and not taken, and counted where it is too low.
 */
export class Losses {
  readonly #bench: Bench;
  /** By the new primary. */
  readonly #lost = new Map<string, Lost>();
  #opened: Opened | undefined;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  recorded(before: Status, after: Status, by: string): void {
    const open = after.transition;
    if (open?.from === undefined) this.#opened = undefined;
    else if (this.#opened?.from !== open.from) this.#opened = this.#open(open.from, before);
    const told = after.lastTransition;
    if (told?.lostBytes === undefined || told.kind !== 'Failover') return;
    const known = before.lastTransition;
    const isNew = known?.epoch !== told.epoch;
    if (isNew || known.lostBytes !== told.lostBytes || known.lostBytesExact !== told.lostBytesExact)
      this.#judge(told, by, isNew);
  }

  #open(from: string, { primaryReplicationId: recorded = '' }: Status): Opened {
    const lives = new Set(this.#bench.stage.log.writtenBy(from).map(({ segment }) => segment.id));
    const { process, role, data } = this.#bench.stage.server(from);
    // Promoted by hand, and lost before that was on record: what it took then is of its own history.
    const history = lives.has(recorded) ? recorded : data.segment.id;
    // It came back already, and writes until it is demoted.
    if (process === 'running' && role === 'primary' && data.segment.id !== history)
      lives.delete(data.segment.id);
    return { from, history, lives };
  }

  promoting(server: Server, by: string): void {
    this.#lost.delete(server.name);
    const opened = this.#opened;
    if (opened === undefined || opened.from === server.name) return;
    const heardOf = this.#heardOf(server, opened, by);
    const promotedAt = this.#bench.stage.now;
    const sofar = {
      to: server.name,
      got: server.data,
      heardOf,
      promotedAt,
      isDemoted: false,
      inAll: undefined,
    };
    this.#lost.set(server.name, { ...opened, ...sofar });
  }

  #heardOf({ data, heardAt }: Server, { from, history }: Opened, by: string): number {
    const { stage, sights } = this.#bench;
    const written = stage.log.whole(history, heardAt)?.data;
    if (written === undefined) return 0;
    const seen = sights.of(by, from);
    const known = Math.max(commonEnd(written, data), seen === undefined ? 0 : commonEnd(written, seen));
    return written.offset - known;
  }

  /** A controller makes it a replica. */
  following(server: Server): void {
    for (const lost of this.#lost.values()) if (lost.from === server.name) lost.isDemoted = true;
  }

  /** The old primary took the new one's data: from here on nobody can count any more. */
  replaced(server: Server): void {
    const told = this.#bench.store.status.lastTransition;
    for (const [to, lost] of this.#lost) {
      // What an operator gave up by hand, nobody was asked to count.
      if (lost.from !== server.name || !lost.isDemoted || lost.inAll !== undefined) continue;
      // One that began anew twice names neither what it was nor what it took between (docs: Histories).
      if (this.#livesSince(lost) > 1) continue;
      lost.inAll = this.#bytesOf(lost, undefined, true);
      const isTold = told?.to === to && told.from === lost.from && told.kind === 'Failover';
      if (isTold && told.lostBytes !== undefined) this.#judge(told, 'nobody', false);
    }
  }

  #livesSince({ from, lives }: Lost): number {
    return this.#bench.stage.log.writtenBy(from).filter(({ segment }) => !lives.has(segment.id)).length;
  }

  #judge(told: TransitionRecord, by: string, isNew: boolean): void {
    const { sights, tally, accuse } = this.#bench;
    if (isNew) tally.lossesTold += 1;
    const lost = this.#lost.get(told.to);
    // Promoted by hand, or before that: that is another story.
    if (lost === undefined || lost.from !== told.from || lost.promotedAt < Date.parse(told.startTime)) return;
    // Between the last look and the order it got all of the poorer data: nobody can have known.
    if (this.#wasWiped(lost)) return;
    if (isNew) tally.lossesJudged += 1;
    const { lostBytes = 0, lostBytesExact = false, epoch } = told;
    const seen = sights.of(by, lost.from);
    const inAll = lost.inAll ?? this.#bytesOf(lost, undefined);
    const most = lostBytesExact ? Math.max(inAll, this.#missingNow(lost)) : inAll;
    const known = knownOf(lost, seen);
    const least = lost.inAll ?? this.#bytesOf(lost, seen);
    const how = `${lostBytesExact ? 'exactly' : 'at the most'} ${lostBytes} bytes of ${lost.from}'s`;
    const when =
      lost.inAll === undefined ? 'while that was none of its replicas' : 'when that was a replica again';
    const words = `epoch ${epoch} (${told.cause}) tells ${how} as lost ${when}, and it was ${most}`;
    // While it is seen it goes on: told is what was seen, between that and now.
    if (lostBytesExact ? lostBytes < least || lostBytes > most : lostBytes < this.#tolerated(known))
      accuse('S3', words);
    // By what pace clients write unseen is a guess: how often it was too low is told.
    if (isNew && !lostBytesExact) {
      tally.estimates += 1;
      if (lostBytes < this.#tolerated(inAll - lost.heardOf)) tally.lowEstimates += 1;
    }
  }

  #wasWiped({ from, lives, got }: Lost): boolean {
    const ownLives = this.#bench.stage.log.writtenBy(from).map(({ segment }) => segment);
    return ownLives.includes(got.segment) && !lives.has(got.segment.id);
  }

  /** The new primary may itself have come back with less since: what is lost is more by that. */
  #missingNow(lost: Lost): number {
    return this.#bytesOf({ ...lost, got: this.#bench.stage.server(lost.to).data }, undefined);
  }

  #tolerated(bytes: number): number {
    return bytes * (1 - inexactness) - inexactWrites * this.#bench.stage.options.bytesPerWrite;
  }

  /**
   * What it wrote since that history was on record and the new one has not, up to what was seen of it. What it writes
   * after it came back is counted when it is demoted: before that there is more to come.
   */
  #bytesOf({ from, history, lives: known, got }: Lost, seen: Data | undefined, isOver = false): number {
    const lives = this.#bench.stage.log.writtenBy(from);
    const first = lives.findIndex(({ segment }) => segment.id === history);
    let bytes = 0;
    for (const { segment, offset } of first < 0 ? [] : lives.slice(first)) {
      if (!isOver && !known.has(segment.id)) continue;
      const end = seen?.segment === segment ? Math.min(seen.offset, offset) : offset;
      const kept = Math.max(commonEnd({ segment, offset: end }, got), segment.parentEnd);
      bytes += Math.max(0, end - kept);
    }
    return bytes;
  }
}

/** Of the life that was lost, what a controller saw and the new primary has not. */
function knownOf({ lives, got }: Lost, seen: Data | undefined): number {
  if (seen === undefined || !lives.has(seen.segment.id)) return 0;
  return Math.max(0, seen.offset - Math.max(commonEnd(seen, got), seen.segment.parentEnd));
}
