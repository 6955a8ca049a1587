import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../../crd/status.ts';
import type { StatusWatch } from '../demo/status-watch.ts';
import type { ChaosStage } from './chaos-stage.ts';
import { allWell } from './mayhem.ts';

export interface Convergence {
  readonly converged: boolean;
  /** From the end of the last fault. */
  readonly seconds: number;
  readonly why?: string;
}

const convergeMs = 120_000;
/** For so long (ms) nothing may be done once all is well. */
const quietMs = 5_000;
/** What a controller sends to change a server; looks, and the lease of a local host, are none. */
const orders =
  /^cmdstat_(replicaof|slaveof|config\|set|config\|rewrite|bgsave|client\|pause|client\|kill|failover)$/;

/** Waits until all is well, and then sees to it that nothing more is done. */
export async function untilQuiet(stage: ChaosStage, status: StatusWatch): Promise<Convergence> {
  const began = performance.now();
  const seconds = (): number => Math.round((performance.now() - began) / 100) / 10;
  const late = AbortSignal.timeout(convergeMs);
  try {
    const well = allWell(stage.nodes.length);
    for (;;) {
      await status.until(well, late);
      const before = await ordersOf(stage);
      const seen = status.latest;
      await delay(quietMs);
      const more = differences(before, await ordersOf(stage));
      if (status.latest === seen && more.length === 0) return { converged: true, seconds: seconds() };
      if (late.aborted)
        return {
          converged: false,
          seconds: seconds(),
          why: `no rest: ${more.join(', ') || changeOf(seen, status.latest)}`,
        };
    }
  } catch (error) {
    const why = late.aborted ? 'not all is well' : String(error);
    return { converged: false, seconds: seconds(), why };
  }
}

async function ordersOf(stage: ChaosStage): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const node of stage.nodes) {
    for (const [name, value] of Object.entries(await stage.info(node)))
      if (orders.test(name))
        found.set(`${node} ${name.slice('cmdstat_'.length)}`, /calls=(\d+)/.exec(value)?.[1] ?? '');
  }
  return found;
}

function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...after].filter(([name, calls]) => before.get(name) !== calls).map(([name]) => name);
}

function changeOf(before: Status, after: Status): string {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Status>;
  const changed = [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return `status changes: ${changed.join(', ')}`;
}
