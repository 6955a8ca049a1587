import { setPaused } from '../../crd/edit.ts';
import { isLookedAfter } from './controller-probe.ts';
import { editGroupFile } from './edit-group-file.ts';
import type { ExitCode as Code } from './exit-code.ts';
import { ExitCode } from './exit-code.ts';
import { followStatus } from './follow-status.ts';
import { readGroup } from './group-document.ts';
import type { CommandOutcome } from './outcome.ts';
import { printOutcome } from './outcome.ts';
import type { MoveOptions } from './switchover-command.ts';
import type { Terminal } from './terminal.ts';

/** Sets spec.paused and waits until the controller has taken note of it. */
export async function pauseCommand(terminal: Terminal, paused: boolean, options: MoveOptions): Promise<Code> {
  const { file, group } = await readGroup(options);
  if (group.spec.paused !== paused) await editGroupFile(file, (text) => setPaused(text, paused));
  const outcome = (await isLookedAfter(file))
    ? await awaitNote(file, paused, options.timeoutSeconds)
    : nobodyThere(file, paused);
  return printOutcome(terminal, options, outcome);
}

async function awaitNote(file: string, paused: boolean, timeoutSeconds: number): Promise<CommandOutcome> {
  const wanted = paused ? 'True' : 'False';
  const noted = await followStatus({
    file,
    timeoutMs: timeoutSeconds * 1000,
    judge: ({ conditions }) =>
      conditions?.find(({ type }) => type === 'Paused')?.status === wanted ? true : undefined,
  });
  if (noted === 'timeout') {
    const text = `${file} says paused: ${paused}, but the controller has not taken note within ${timeoutSeconds} s.`;
    return { code: ExitCode.timeout, text, document: { outcome: 'timeout', paused } };
  }
  const text = paused
    ? 'Paused: the group is watched and left alone. Go on with: understudy resume'
    : 'Resumed: the group is being looked after.';
  return { code: ExitCode.done, text, document: { outcome: 'done', paused } };
}

function nobodyThere(file: string, paused: boolean): CommandOutcome {
  const text = `${file} says paused: ${paused} now. No controller is running for it on this machine; the next one takes note.`;
  return { code: ExitCode.done, text, document: { outcome: 'noController', paused } };
}
