import { ExitCode } from './exit-code.ts';
import type { GroupChoice } from './group-document.ts';
import { readGroup } from './group-document.ts';
import type { Look } from './look.ts';
import { lookOnce } from './look.ts';
import type { OutputOptions } from './outcome.ts';
import { planText } from './render/plan-text.ts';
import type { Terminal } from './terminal.ts';

/** Says what a controller that is started now would do, and why. Touches nothing. */
export async function planCommand(
  terminal: Terminal,
  options: GroupChoice & OutputOptions,
): Promise<ExitCode> {
  const look = await lookOnce(await readGroup(options));
  if (options.json === true) terminal.out(`${JSON.stringify(planDocument(look))}\n`);
  else terminal.out(planText(look, terminal));
  return ExitCode.done;
}

function planDocument({ document, controllerRunning, situation, decision }: Look): object {
  const { lead, plan, actions, lookAgainInMs } = decision;
  return {
    group: document.group.metadata.name,
    controllerRunning,
    paused: situation.spec.paused,
    lead,
    // Values of settings are for Redis, not for those who read plans.
    actions: actions.map((action) =>
      action.kind === 'applyConfig' ? { ...action, settings: Object.keys(action.settings) } : action,
    ),
    blocked: plan.blocked,
    unitsBlocked: plan.unitsBlocked,
    lookAgainInMs,
  };
}
