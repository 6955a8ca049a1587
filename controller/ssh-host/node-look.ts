import type { LeaseView, UnitView } from '../../reconcilers/observation.ts';
import { unitView } from './unit-show.ts';

/** What one `observe` of the node's script brought back. */
export interface NodeLook {
  readonly bootId: string;
  /** Seconds since boot, as the node itself counts. */
  readonly uptime: number;
  readonly epoch: number;
  readonly freeDiskBytes?: number;
  /** undefined: the host does not know it. */
  readonly redisUnit?: UnitView;
  readonly units: readonly UnitView[];
  /** `terms`: the name of what the watch there was told. */
  readonly lease: LeaseView & { readonly terms?: string };
}

const leaseStates: Readonly<Record<string, LeaseView['state']>> = {
  armed: 'armed',
  'carrying-on': 'carryingOn',
  expired: 'expired',
  absent: 'absent',
};

/** Reads the lines of an `observe`, in whatever order; `names`: Redis's unit first. undefined: something is missing. */
export function nodeLook(lines: readonly string[], names: readonly string[]): NodeLook | undefined {
  const { facts, shown } = divide(lines);
  const uptime = number(facts.get('uptime'), /^\d+(\.\d+)?$/);
  const epoch = number(facts.get('epoch'), /^\d{1,15}$/);
  const disk = number(facts.get('disk'), /^\d+$/);
  const bootId = facts.get('boot');
  const lease = leaseOf(facts.get('lease'));
  if (uptime === undefined || epoch === undefined || lease === undefined) return undefined;
  if (bootId === undefined || !/^[0-9a-f-]{36}$/.test(bootId)) return undefined;
  const views = names.map((name, index) => unitView(name, shown.get(index) ?? [], uptime));
  const [redis, ...units] = views;
  if (redis === undefined || units.some((view) => view === undefined)) return undefined;
  return {
    bootId,
    uptime,
    epoch,
    ...(disk === undefined ? {} : { freeDiskBytes: disk }),
    ...(redis.state === 'unknownUnit' ? {} : { redisUnit: redis }),
    units: units.filter((view) => view !== undefined),
    lease,
  };
}

/** The facts by their first word, and the `systemctl show` lines of each unit by its index. */
function divide(lines: readonly string[]): {
  facts: ReadonlyMap<string, string>;
  shown: ReadonlyMap<number, readonly string[]>;
} {
  const facts = new Map<string, string>();
  const shown = new Map<number, string[]>();
  let unit: string[] | undefined;
  for (const line of lines) {
    const index = /^unit (\d+)$/.exec(line)?.[1];
    if (index !== undefined) {
      unit = [];
      shown.set(Number(index), unit);
    } else if (unit !== undefined && line.includes('=')) unit.push(line);
    else {
      const [word = '', ...rest] = line.split(' ');
      if (word !== '') facts.set(word, rest.join(' '));
    }
  }
  return { facts, shown };
}

function number(text: string | undefined, shape: RegExp): number | undefined {
  return text !== undefined && shape.test(text) ? Number(text) : undefined;
}

/** `STATE UNTIL TERMS` */
function leaseOf(text: string | undefined): NodeLook['lease'] | undefined {
  const [word = '', , terms] = (text ?? '').split(' ');
  const state = leaseStates[word];
  if (state === undefined) return undefined;
  return terms === undefined || terms === '-' ? { state } : { state, terms };
}
