import type { ExitCode as Code } from './exit-code.ts';
import { ExitCode } from './exit-code.ts';
import type { GroupChoice } from './group-document.ts';
import { readGroup } from './group-document.ts';
import type { Look } from './look.ts';
import { lookOnce } from './look.ts';
import type { OutputOptions } from './outcome.ts';
import { headlineOf, isReady } from './render/headline.ts';
import { statusText } from './render/status-text.ts';
import type { Terminal } from './terminal.ts';

/** Looks at the nodes and at the record, and tells what is so. Ready: 0; else 1. */
export async function statusCommand(terminal: Terminal, options: GroupChoice & OutputOptions): Promise<Code> {
  const look = await lookOnce(await readGroup(options));
  if (options.json === true) terminal.out(`${JSON.stringify(statusDocument(look))}\n`);
  else terminal.out(statusText(look, terminal));
  return isReady(look) ? ExitCode.done : ExitCode.failed;
}

function statusDocument(look: Look): object {
  const { document, controllerRunning, recorded, recordProblem, situation, decision } = look;
  const { name } = document.group.metadata;
  const { primary, paused, nodes, units } = document.group.spec;
  return {
    group: name,
    file: document.file,
    ready: isReady(look),
    headline: headlineOf(look).text,
    controllerRunning,
    spec: {
      primary,
      paused,
      nodes: nodes.map((node) => node.name),
      units: units.map((unit) => unit.name),
    },
    status: recorded,
    recordProblem,
    observation: {
      currentPrimary: decision.lead.current,
      analysis: decision.lead.analysis,
      conditions: decision.status.conditions,
      nodes: (decision.status.nodes ?? []).map((node) => {
        const seen = situation.observation.nodes.find((one) => one.name === node.name);
        return { ...node, redis: seen?.redis.state, host: seen?.host.state };
      }),
    },
  };
}
