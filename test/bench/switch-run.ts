import { setTimeout as delay } from 'node:timers/promises';
import type { RedisPair } from '../redis/redis-pair.ts';
import { countLostWrites } from '../traffic/lost-writes.ts';
import { monotonicMs } from '../traffic/monotonic.ts';
import { Traffic } from '../traffic/traffic.ts';
import type { BenchedRun } from './bench-run.ts';
import type { Contender } from './contender.ts';

/** What the writers saw of one change of primary. */
export interface SwitchMeasure {
  writeGapMs: number;
  slowestWriterGapMs: number;
  /** The longest gap in the second before the trigger: what the machine does to writers without any switch. */
  noiseMs: number;
  ackedWrites: number;
  lostWrites: number;
  errors: Record<string, number>;
}

const STEADY_MS = 1_500;
/** Half before the trigger, half after: together more than the 20,000 that a run is to have. */
const STEADY_WRITES = 10_500;
/**
 * A replica acknowledges once a second, and FAILOVER waits for that: between 0 and 1 s, as the moment has it. The runs
 * of a bench spread their triggers evenly over this cycle, so that the figures depend on no lucky or unlucky moment.
 */
const REPLICATION_CYCLE_MS = 1_000;
/** A gap that begins this long after the contender said it was done still counts: reconnects, a resync's stall. */
const AFTERMATH_MS = 500;
/** The noise is looked at up to here before the trigger, so that the gap of the switch is no part of it. */
const APART_MS = 50;
const TRIGGER_TIMEOUT_MS = 60_000;

/**
 * Four writers in steady state, the trigger, steady state again, and then the count of acknowledged writes that
 * `pair.replica`, which must be the primary by then, does not have. `trigger` resolves when the switch is done.
 */
export async function measureSwitch(
  run: BenchedRun<Contender>,
  trigger: () => Promise<void>,
): Promise<SwitchMeasure> {
  const { pair, contender, phase } = run;
  const { discovery } = contender;
  const traffic = await Traffic.start({
    endpoints: [pair.primary.address, pair.replica.address],
    password: pair.primary.password,
    writers: 4,
    ...(discovery && { sentinels: discovery }),
  });
  try {
    await Promise.all([delay(STEADY_MS + phase * REPLICATION_CYCLE_MS), traffic.acked(STEADY_WRITES)]);
    const triggeredAt = monotonicMs();
    await within(TRIGGER_TIMEOUT_MS, trigger());
    const doneAt = monotonicMs();
    // No report before the end: it would hold the writers up just where the gap is looked for.
    await within(TRIGGER_TIMEOUT_MS, Promise.all([delay(STEADY_MS), traffic.acked(2 * STEADY_WRITES)]));
    await traffic.stop();
    const whole = await traffic.report();
    const after = await traffic.report({ from: triggeredAt, to: doneAt + AFTERMATH_MS });
    const before = await traffic.report({ from: triggeredAt - 1_000, to: triggeredAt - APART_MS });
    if (after.gap.open) throw new Error('the writers had not come back when the run ended');
    await assertPrimary(pair);
    const { lostWrites } = await countLostWrites(whole.acked, pair.replica.address);
    return {
      writeGapMs: after.gap.gapMs,
      slowestWriterGapMs: after.slowestWriterGapMs,
      noiseMs: before.gap.gapMs,
      ackedWrites: whole.ackedWrites,
      lostWrites,
      errors: whole.errors,
    };
  } finally {
    await traffic.close();
  }
}

async function assertPrimary(pair: RedisPair): Promise<void> {
  const admin = await pair.replica.admin();
  const [role] = await admin.role();
  if (role !== 'master') throw new Error(`the switch was said to be done, but its target says role:${role}`);
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const timeout = delay(timeoutMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`not done within ${timeoutMs} ms`);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    over.abort();
    timeout.catch(() => {});
  }
}
