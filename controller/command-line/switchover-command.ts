import { nearest } from '../../crd/nearest-name.ts';
import { UnderstudyError } from '../understudy-error.ts';
import { editGroupFile } from './edit-group-file.ts';
import type { ExitCode as Code } from './exit-code.ts';
import { ExitCode } from './exit-code.ts';
import type { GroupChoice, GroupDocument } from './group-document.ts';
import { readGroup } from './group-document.ts';
import { lookOnce } from './look.ts';
import { movePrimary } from './move-primary.ts';
import { leadsAlready, moveRequest, writeRequest } from './move-request.ts';
import type { CommandOutcome, OutputOptions } from './outcome.ts';
import { printOutcome } from './outcome.ts';
import type { Terminal } from './terminal.ts';

export type MoveOptions = GroupChoice & OutputOptions & { readonly timeoutSeconds: number };

/** Makes a node the primary, without losing a write, and waits for it. */
export async function switchoverCommand(
  terminal: Terminal,
  node: string,
  options: MoveOptions,
): Promise<Code> {
  const document = await readGroup(options);
  checkNode(document, node);
  const look = await lookOnce(document);
  const outcome = leadsAlready(look, node)
    ? await alreadyThere(document, node)
    : await movePrimary(terminal, look, moveRequest(look, node), options.timeoutSeconds);
  return printOutcome(terminal, options, outcome);
}

function checkNode({ group }: GroupDocument, node: string): void {
  const names = group.spec.nodes.map(({ name }) => name);
  if (names.includes(node)) return;
  // Names of a letter or two are all near each other.
  const meant = node.length < 3 ? undefined : nearest(node, names);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  throw new UnderstudyError(
    'BadUsage',
    `${group.metadata.name} has no node ${node}, only ${names.join(', ')}.${hint}`,
  );
}

/** Nothing moves; but a request for another node is withdrawn, or the group would move after all. */
async function alreadyThere({ file, group }: GroupDocument, node: string): Promise<CommandOutcome> {
  const before = group.spec.primary;
  const edited =
    before !== node && (await editGroupFile(file, (text) => writeRequest(text, { to: node }, before)));
  const note = edited ? ` ${file} asked for ${before}; it asks for ${node} now.` : '';
  const document = { outcome: 'alreadyThere', to: node, withdrawn: edited ? before : undefined };
  return { code: ExitCode.done, text: `${node} leads already.${note}`, document };
}
