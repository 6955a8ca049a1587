import { readBotRuns } from '../demo/bot-record.ts';
import { processesOf } from '../demo/own-processes.ts';
import type { ChaosStage } from './chaos-stage.ts';
import { bots } from './chaos-stage.ts';

/** What is wrong with the end, asked of the servers and of the bots' own records: no word of the controller's counts. */
export async function astrayAtTheEnd(stage: ChaosStage): Promise<string[]> {
  const views = new Map<string, Record<string, string>>();
  for (const node of stage.nodes) views.set(node, await stage.info(node).catch(() => ({})));
  const leaders = [...views].filter(([, { role }]) => role === 'master').map(([node]) => node);
  const [leader] = leaders;
  if (leader === undefined || leaders.length > 1)
    return [`${leaders.join(' and ') || 'nobody'} lead at the end`];
  const offset = Number(views.get(leader)?.master_repl_offset);
  const replicas = [...views].filter(([node]) => node !== leader);
  const wrong = replicas.flatMap(([node, view]) => {
    const isLinked = view.role === 'slave' && view.master_link_status === 'up';
    const lag = offset - Number(view.slave_repl_offset);
    return isLinked && lag <= longestLag
      ? []
      : [`${node} does not follow ${leader} at the end (${lag} bytes behind)`];
  });
  const running = processesOf(stage.folder);
  const runs = readBotRuns(stage.records).filter(({ pid }) => running.includes(pid));
  for (const bot of bots) {
    const at = runs.filter((run) => run.bot === bot).map(({ node }) => node);
    if (at.length !== 1 || at[0] !== leader)
      wrong.push(`${bot} runs on ${at.join(' and ') || 'no node'} at the end, and ${leader} leads`);
  }
  return wrong;
}

/** Bots write on, and PINGs go out, between two looks (bytes). */
const longestLag = 10_000;
