import type { PassTrace } from './model-pass.ts';
import type { ModelState } from './model-state.ts';

/**
 * What the checker says that it tries. Each must have happened somewhere in the explored worlds: one that never
 * did is a hole, whatever the number of states says. Keyed by what is told, with the labels that mean it.
 */
const byLabel: Readonly<Record<string, RegExp>> = {
  'process dies, data kept': /^crash \w+ \(disk full\)/,
  'process dies, stale data kept': /^crash \w+ \(disk stale\)/,
  'process dies, data gone': /^crash \w+ \(disk none\)/,
  'process stopped': /^stop /,
  'process started': /^start /,
  'process hangs': /^hang /,
  'process goes on': /^unhang /,
  'host dies': /^power off /,
  'host returns': /^power on /,
  'replica lags': /^lag /,
  'replica catches up': /^unlag /,
  'controller to Redis cut': /^cut @-/,
  'controller to Redis healed': /^heal @-/,
  'controller to host cut': /^cut @host-/,
  'controller to host healed': /^heal @host-/,
  'node to node cut': /^cut [a-z]-/,
  'node to node healed': /^heal [a-z]-/,
  'two nodes parted from the rest': /^part /,
  'parted nodes join again': /^join$/,
  'cable out': /^pull /,
  'cable in': /^plug /,
  'unit fails': /^unit \d on \w+ fails/,
  'unit does not stop': /^unit \d on \w+ does not stop/,
  'unit stops again': /^unit \d on \w+ stops again/,
  'fence refuses': /^fence of \w+ refuses/,
  'fence leaves unknown': /^fence of \w+ unsure/,
  'spec.primary edited': /^request /,
  paused: /^pause$/,
  resumed: /^resume$/,
  'failback asked for': /^ask for failback/,
  'fence confirmed by hand': /^confirm that /,
  'data accepted by hand': /^accept the data of /,
  'promoted by hand': /^promote \w+ by hand/,
  'client writes': /^write /,
  'time passes': /^tick$/,
  'minutes pass': /^long wait$/,
  'controller killed between passes': /^kill controller$/,
  'controller killed before an effect': /^pass, before .*: kill controller$/,
  'answer lost, applied': /: answer lost, applied$/,
  'answer lost, not applied': /: answer lost, not applied$/,
  'deposed controller acts': /: deposed$/,
  'deposed controller acts, spec edited since': /: deposed after /,
  'old look (changed since, before an effect)': /^pass, before (?!look )[^:]*: (?!kill|answer|deposed)/,
  'torn look (changed between two nodes)': /^pass, before look [^:]*: /,
};

const bySight = [
  'partial look (a part silent)',
  'lease ran out',
  'watch stopped units',
  'fence done',
  'fence failed',
] as const;

/** How often each kind was taken. */
export class EventCount {
  readonly #labels = new Map<string, number>();
  readonly #sights = new Map<string, number>();

  label(label: string): void {
    this.#labels.set(label, (this.#labels.get(label) ?? 0) + 1);
  }

  /** What nobody calls by name, but a step shows. */
  tick(before: ModelState, after: ModelState): void {
    for (const [at, host] of after.world.hosts.entries()) {
      const old = before.world.hosts[at];
      if (old?.leaseUntil === undefined || host.leaseUntil !== old.leaseUntil) continue;
      if (before.world.now < old.leaseUntil && after.world.now >= old.leaseUntil) this.#saw('lease ran out');
      if (host.units.some(({ state }, unit) => state !== old.units[unit]?.state))
        this.#saw('watch stopped units');
    }
  }

  pass({ acted, partial }: PassTrace): void {
    if (partial) this.#saw('partial look (a part silent)');
    for (const { action, outcome } of acted)
      if (action.kind === 'fence') this.#saw(outcome.kind === 'done' ? 'fence done' : 'fence failed');
  }

  #saw(what: (typeof bySight)[number]): void {
    this.#sights.set(what, (this.#sights.get(what) ?? 0) + 1);
  }

  /** In the order in which they are listed above. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [kind, pattern] of Object.entries(byLabel)) {
      counts[kind] = 0;
      for (const [label, times] of this.#labels) if (pattern.test(label)) counts[kind] += times;
    }
    for (const kind of bySight) counts[kind] = this.#sights.get(kind) ?? 0;
    return counts;
  }
}
