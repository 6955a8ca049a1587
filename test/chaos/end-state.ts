import type { BotRun } from '../demo/bot-record.ts';
import type { WriteRecord } from './write-log.ts';
import { keyOf } from './write-log.ts';

/** What the servers, the bots and the writers themselves show when all is over: no word of the controller's counts. */
export interface EndView {
  readonly nodes: readonly NodeEnd[];
  readonly bots: readonly string[];
  /** Those whose processes live. */
  readonly botRuns: readonly BotRun[];
  readonly acked: readonly WriteRecord[];
  /** When it was looked, and when the writers were told to stop (monotonic ms). */
  readonly now: number;
  readonly stopped: number;
}

export interface NodeEnd {
  readonly name: string;
  /** Where the others reach it. */
  readonly port: number;
  /** Its INFO; empty: it does not answer. */
  readonly info: Readonly<Record<string, string>>;
  /** Whether it has what was written to the primary last of all, once that waited for all replicas (WAIT). */
  readonly hasLast: boolean;
  /** Acknowledged writes that it does not have. */
  readonly missing: ReadonlySet<string>;
}

/** A bot works every 10 ms, a writer about as often; slow machines are given a while (ms). */
const lastWorkMs = 3_000;

/** Whoever says that it is the primary, if there is one alone. */
export function leaderOf(nodes: readonly Pick<NodeEnd, 'name' | 'info'>[]): string | undefined {
  const leaders = nodes.filter(({ info }) => info.role === 'master');
  return leaders.length === 1 ? leaders[0]?.name : undefined;
}

/** What is not as it must be, each in words. */
export function astrayAtTheEnd(end: EndView): string[] {
  const leader = end.nodes.find(({ name }) => name === leaderOf(end.nodes));
  if (leader === undefined) {
    const names = end.nodes.filter(({ info }) => info.role === 'master').map(({ name }) => name);
    return [`${names.join(' and ') || 'nobody'} lead at the end`];
  }
  return [
    ...end.nodes.filter((node) => node !== leader).flatMap((replica) => astrayReplica(replica, leader)),
    ...end.bots.flatMap((bot) => astrayBot(bot, leader.name, end)),
    ...astrayWriters(leader, end),
  ];
}

function astrayReplica({ name, info, hasLast, missing }: NodeEnd, leader: NodeEnd): string[] {
  if (info.role !== 'slave' || info.master_link_status !== 'up' || info.master_port !== String(leader.port))
    return [
      `${name} does not follow ${leader.name} at the end (${info.role ?? 'silent'} of port ${info.master_port ?? '?'}, link ${info.master_link_status ?? '?'})`,
    ];
  const lacksAlone = [...missing].filter((key) => !leader.missing.has(key)).length;
  const apart = lacksAlone + [...leader.missing].filter((key) => !missing.has(key)).length;
  return [
    ...(info.master_replid === leader.info.master_replid
      ? []
      : [`${name} has another history than ${leader.name} at the end`]),
    ...(hasLast ? [] : [`${name} does not get what ${leader.name} takes at the end`]),
    ...(apart === 0 ? [] : [`${name} and ${leader.name} differ in ${apart} acknowledged writes at the end`]),
  ];
}

function astrayBot(bot: string, leader: string, { botRuns, now }: EndView): string[] {
  const runs = botRuns.filter((run) => run.bot === bot);
  const [run] = runs;
  if (run === undefined || runs.length > 1 || run.node !== leader) {
    const places = runs.map(({ node }) => node).join(' and ') || 'no node';
    return [`${bot} runs on ${places} at the end, and ${leader} leads`];
  }
  return (run.acks.at(-1) ?? 0) > now - lastWorkMs ? [] : [`${bot} writes nothing at the end`];
}

function astrayWriters(leader: NodeEnd, { acked, stopped }: EndView): string[] {
  return [...Map.groupBy(acked, ({ writer }) => writer)].flatMap(([writer, own]) => {
    const last = own.reduce((one, other) => (other.answered > one.answered ? other : one));
    const problem =
      last.answered < stopped - lastWorkMs
        ? 'had been answered by nobody for long'
        : last.node !== leader.name
          ? `was answered by ${last.node}, and ${leader.name} leads`
          : leader.missing.has(keyOf(last))
            ? `is not there: ${keyOf(last)}`
            : undefined;
    return problem === undefined ? [] : [`the last write of writer ${writer} ${problem}`];
  });
}
