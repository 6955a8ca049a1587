import type { ExitCode as Code } from './exit-code.ts';
import { ExitCode } from './exit-code.ts';
import { readGroup } from './group-document.ts';
import { lookOnce } from './look.ts';
import { movePrimary } from './move-primary.ts';
import { leadsAlready, moveRequest } from './move-request.ts';
import { printOutcome } from './outcome.ts';
import type { MoveOptions } from './switchover-command.ts';
import type { Terminal } from './terminal.ts';

/** Moves the primary back to the node that spec.primary names, after a failover, and waits for it. */
export async function failbackCommand(terminal: Terminal, options: MoveOptions): Promise<Code> {
  const look = await lookOnce(await readGroup(options));
  const to = look.document.group.spec.primary;
  if (leadsAlready(look, to)) {
    const text = `Nothing to move back: ${to} leads, as spec.primary asks.`;
    return printOutcome(terminal, options, {
      code: ExitCode.done,
      text,
      document: { outcome: 'alreadyThere', to },
    });
  }
  const request = moveRequest(look, to);
  if (request.failbackEpoch === undefined && look.decision.lead.current !== to)
    terminal.err(`This is no failback: spec.primary asks for ${to}, a switchover that is not done yet.\n`);
  const outcome = await movePrimary(terminal, look, request, options.timeoutSeconds);
  return printOutcome(terminal, options, outcome);
}
