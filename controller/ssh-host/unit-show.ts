import type { UnitState, UnitView } from '../../reconcilers/observation.ts';

/** ActiveState of systemd (org.freedesktop.systemd1.Unit); what it may be in later versions counts as unsettled. */
const states: Readonly<Record<string, UnitState>> = {
  active: 'running',
  reloading: 'running',
  refreshing: 'running',
  activating: 'starting',
  deactivating: 'stopping',
  inactive: 'stopped',
  failed: 'failed',
};

/** UnitFileState of units that boot starts; a linked one is only found, not started (systemctl(1), is-enabled). */
const bootStates = new Set(['enabled', 'enabled-runtime']);

/** LoadState of units that cannot be started. */
const absent = new Set(['not-found', 'masked', 'bad-setting', 'error', 'stub']);

/**
 * The view of a unit from the `Key=Value` lines of `systemctl show`. `name` is what we call it: Id is another
 * for an alias. `uptime`: seconds since boot at that moment. undefined when the lines are no such thing.
 */
export function unitView(name: string, lines: readonly string[], uptime: number): UnitView | undefined {
  const values = new Map(lines.map((line) => split(line)));
  const [load, active] = [values.get('LoadState'), values.get('ActiveState')];
  if (load === undefined || active === undefined) return undefined;
  const running = states[active] ?? 'stopping';
  const isDown = running === 'stopped' || running === 'failed';
  const common = {
    name,
    restarts: count(values.get('NRestarts')) ?? 0,
    enabledAtBoot: bootStates.has(values.get('UnitFileState') ?? ''),
    restartsItself: (values.get('Restart') ?? 'no') !== 'no',
    ...ended(values, uptime),
  };
  // What still runs is told, whatever has become of its file.
  if (isDown && absent.has(load))
    return { ...common, state: 'unknownUnit', result: load === 'not-found' ? 'success' : load };
  // KillMode=process leaves processes behind: a unit that still has some is not down.
  const left = isDown && (count(values.get('TasksCurrent')) ?? 0) > 0;
  return { ...common, state: left ? 'stopping' : running, result: values.get('Result') ?? 'success' };
}

function split(line: string): [string, string] {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

/** undefined for `[not set]`, also when it is written as the largest number that fits (2^64 - 1). */
function count(value: string | undefined): number | undefined {
  const number = value !== undefined && /^\d+$/.test(value) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/**
 * Microseconds since boot, 0 while it runs or never ran. In a container whose uptime is its own (lxcfs) the two
 * do not compare, and the end seems to lie ahead: then nothing is told rather than something wrong.
 */
function ended(values: ReadonlyMap<string, string>, uptime: number): { endedSeconds?: number } {
  const at = count(values.get('ExecMainExitTimestampMonotonic')) ?? 0;
  const isRunning = (count(values.get('MainPID')) ?? 0) > 0;
  const seconds = uptime - at / 1e6;
  if (at === 0 || isRunning || seconds < -1) return {};
  return { endedSeconds: Math.max(seconds, 0) };
}
