import { inspect, parseArgs } from 'node:util';
import type { ChaosResult } from './run-chaos.ts';
import { runChaos } from './run-chaos.ts';
import { summaryOf } from './summary.ts';

const usage = `npm run chaos -- [--minutes M] [--seed N] [--json] [--keep]
Real Redis servers, bots, writers and the real controller under faults for M minutes (10); the same seed gives the
same faults and pauses. Exit codes: 0 all held, 1 the run itself failed, 2 something happened that must not,
3 no rest at the end, 130 interrupted.`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Error(`interrupted (${name})`));
    });
  return controller.signal;
}

const holds = ({ verdict, convergence, deaths }: ChaosResult): boolean =>
  verdict.problems.length === 0 && deaths.length === 0 && convergence.converged;

async function main(): Promise<number> {
  const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
  const interrupted = interruption();
  const again = `npm run chaos -- --seed ${seed} --minutes ${minutes}`;
  tell(again);
  try {
    const result = await runChaos({ seed, minutes, tell, interrupted }, (one) => values.keep || !holds(one));
    const ok = holds(result);
    const summary = summaryOf(result, { seed, minutes, ok });
    for (const line of summary.lines) tell(line);
    if (!ok) tell(`Everything that was recorded is in ${result.folder}. To see it again: ${again}`);
    console.log(JSON.stringify(values.json ? summary.json : { ok }));
    if (ok) return 0;
    return result.verdict.problems.length > 0 || result.deaths.length > 0 ? 2 : 3;
  } catch (error) {
    tell(interrupted.aborted ? 'interrupted' : inspect(error));
    console.log(JSON.stringify({ ok: false, seed, error: String(error) }));
    return interrupted.aborted ? 130 : 1;
  }
}

if (values.help) console.log(usage);
else process.exit(await main());
