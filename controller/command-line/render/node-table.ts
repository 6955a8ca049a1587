import Table from 'cli-table3';
import type { HostView, NodeObservation } from '../../../reconcilers/observation.ts';
import { specOf } from '../../../reconcilers/situation.ts';
import type { Look } from '../look.ts';
import type { Paint } from '../paint.ts';
import { formatBytes } from './quantities.ts';

const none = '–';

const heads = ['NODE', 'ROLE', 'REDIS', 'LINK', 'LAG', 'HEARD', 'MEMORY', 'UNITS', 'HOST'];

/** A row for every node, as just seen. */
export function nodeTable(look: Look, paint: Paint): string[] {
  const table = new Table({
    head: heads.map((head) => paint.dim(head)),
    chars: Object.fromEntries(borders.map((name) => [name, ''])),
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [], compact: true },
  });
  for (const node of look.situation.observation.nodes) table.push(row(look, node, paint));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

const borders = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
];

function row(look: Look, node: NodeObservation, paint: Paint): string[] {
  const { redis } = node;
  const leads = look.decision.lead.current === node.name;
  const lag = look.decision.status.nodes?.find((one) => one.name === node.name)?.lagBytes;
  const name = leads ? paint.bold(node.name) : node.name;
  const tail = [units(look, node.host, leads, paint), host(look, node, paint)];
  if (redis.state !== 'answers') return [name, none, paint.red(redis.state), none, none, none, none, ...tail];
  const replica = redis.role === 'replica' ? redis : undefined;
  const link = replica === undefined ? none : replica.link === 'up' ? 'up' : paint.red(replica.link);
  const heard = replica?.lastIoSeconds === undefined ? none : `${replica.lastIoSeconds} s`;
  const role = redis.role === 'primary' && !leads ? paint.red(redis.role) : redis.role;
  const memory = formatBytes(redis.usedMemoryBytes);
  return [name, role, 'up', link, lag === undefined ? none : formatBytes(lag), heard, memory, ...tail];
}

function units(look: Look, view: HostView, leads: boolean, paint: Paint): string {
  const wanted = look.situation.spec.units.length;
  if (wanted === 0) return none;
  if (view.state !== 'answers') return '?';
  const mine = new Set(look.situation.spec.units.map((unit) => unit.name));
  const seen = view.units.filter((unit) => mine.has(unit.name));
  const running = seen.filter((unit) => unit.state === 'running').length;
  const moving = seen.find((unit) => unit.state === 'starting' || unit.state === 'stopping');
  if (moving !== undefined) return paint.yellow(moving.state);
  const text =
    running === 0 ? 'stopped' : running === wanted ? `${running} running` : `${running}/${wanted} run`;
  const isRight = leads ? running === wanted : running === 0;
  return isRight ? text : paint.red(text);
}

function host(look: Look, node: NodeObservation, paint: Paint): string {
  if (node.host.state === 'none') return none;
  if (node.host.state === 'answers')
    return specOf(look.situation, node.name)?.local === undefined ? watched(node.host, paint) : 'local';
  return paint.red(node.host.state);
}

/** An answering host, and what its dead-man watch makes of the controller. */
function watched(view: Extract<HostView, { state: 'answers' }>, paint: Paint): string {
  if (view.lease?.state === 'carryingOn') return paint.yellow('up, lease over');
  return view.lease?.state === 'expired' ? paint.red('up, units ended') : 'up';
}
