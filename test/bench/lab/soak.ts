import { monotonicMs } from '../../lab/bot-log.ts';
import type { Lab } from '../../lab/lab.ts';
import { type NodeName, nodeNames } from '../../scenarios/group-document.ts';
import type { Stage } from '../../scenarios/stage.ts';
import { type Percentiles, percentiles } from '../percentile.ts';
import { type Resources, resourcesOf } from './controller-resources.ts';
import { arrivedGap, inLab, onStage, other, type Seen, tally } from './lab-stage.ts';

/** What is held, by the controller and on the hosts. */
interface Held {
  readonly controller: Resources;
  readonly hosts: Readonly<Record<string, { processes: number; sshSessions: number; redisClients: number }>>;
}

export interface SoakResult extends Seen {
  readonly bench: 'soak';
  readonly switchovers: number;
  readonly unitsGapMs: Percentiles;
  readonly leaks: { readonly before: Held; readonly after: Held };
  readonly ok: boolean;
}

/** Connections that are being let go of have gone by then. */
const calmMs = 5_000;

/** Switchovers in a row, back and forth, under writers; then nothing may be held that was not held before. */
export async function benchSoak(switchovers: number, progress: (line: string) => void): Promise<SoakResult> {
  return inLab(progress, (lab) =>
    onStage(lab, {}, async (stage) => {
      await stage.keepRedisDown();
      stage.startController();
      await stage.settled('ct100');
      await stage.startWriters();
      // Both ways once, so that what is made once is there.
      let primary: NodeName = 'ct100';
      const gaps: number[] = [];
      const move = async () => {
        const to = other(primary);
        const sinceMs = monotonicMs();
        await stage.command('switchover', to);
        gaps.push(await arrivedGap(lab, primary, to, sinceMs));
        primary = to;
      };
      for (let warm = 0; warm < 2; warm += 1) await move();
      await stage.settled(primary);
      const before = await held(stage, lab);
      gaps.length = 0;
      for (let run = 1; run <= switchovers; run += 1) {
        await move();
        if (run % 10 === 0) progress(`${run} of ${switchovers} switchovers`);
      }
      await stage.settled(primary);
      const after = await held(stage, lab);
      const seen = await tally(stage, primary);
      const ok = seen.lostWrites === 0 && seen.overlapMs === 0 && !hasGrown(before, after);
      return {
        bench: 'soak',
        switchovers,
        unitsGapMs: percentiles(gaps),
        ...seen,
        leaks: { before, after },
        ok,
      };
    }),
  );
}

async function held(stage: Stage, lab: Lab): Promise<Held> {
  await new Promise((resolve) => setTimeout(resolve, calmMs));
  const hosts: Record<string, Held['hosts'][string]> = {};
  for (const node of nodeNames) hosts[node] = await leastOn(stage, lab, node);
  return { controller: resourcesOf(stage.controllerPid), hosts };
}

/** Every look of the controller's starts a few processes there for a moment; what leaked is there each time. */
const looks = 5;

async function leastOn(stage: Stage, lab: Lab, node: NodeName): Promise<Held['hosts'][string]> {
  const least = { processes: Infinity, sshSessions: Infinity, redisClients: Infinity };
  for (let look = 0; look < looks; look += 1) {
    const clients = /connected_clients:(\d+)/.exec(await lab.redis(node, 'INFO', 'clients'))?.[1];
    const processes = Number(await stage.on(node, 'ls -d /proc/[0-9]* | wc -l'));
    const sshSessions = Number(await stage.on(node, "pgrep -fc 'sshd: .*@' || :"));
    least.processes = Math.min(least.processes, processes);
    least.sshSessions = Math.min(least.sshSessions, sshSessions);
    least.redisClients = Math.min(least.redisClients, Number(clients));
  }
  return least;
}

/** A process more while a look is under way is none that leaked; memory is told, not judged. */
const slack = 3;

function hasGrown(before: Held, after: Held): boolean {
  const { rssMb: _before, ...held } = before.controller;
  const { rssMb: _after, ...holds } = after.controller;
  const grown = (one: object, other: object) =>
    Object.values(other).some((count, index) => count > Number(Object.values(one)[index]) + slack);
  return (
    grown(held, holds) || nodeNames.some((node) => grown(before.hosts[node] ?? {}, after.hosts[node] ?? {}))
  );
}
