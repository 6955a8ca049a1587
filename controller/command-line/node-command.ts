import { userName } from '../../crd/field-formats.ts';
import { nearest } from '../../crd/nearest-name.ts';
import { FileSecrets } from '../file-secrets.ts';
import { resolveSecret } from '../resolve-secret.ts';
import { sshLogins } from '../ssh-host/connect-ssh.ts';
import { installNode, tryInstalled } from '../ssh-host/node-installation.ts';
import type { SshLogin } from '../ssh-host/ssh-login.ts';
import { UnderstudyError } from '../understudy-error.ts';
import { ExitCode } from './exit-code.ts';
import type { GroupChoice } from './group-document.ts';
import { type GroupDocument, readGroup } from './group-document.ts';
import { acceptNewHostKey } from './new-host-key.ts';
import type { OutputOptions } from './outcome.ts';
import { printOutcome } from './outcome.ts';
import type { Terminal } from './terminal.ts';

export interface NodeOptions extends GroupChoice, OutputOptions {
  readonly node: string;
  /** A login on the node that may do anything there: root, or one that needs no password for sudo. */
  readonly as: string;
  /** File with the private key of that login; absent: the controller's own key. */
  readonly identity?: string | undefined;
  /** Name of the login that is made for the controller. */
  readonly user: string;
  readonly dataFolder: string;
  readonly acceptNewHostKey?: boolean | undefined;
}

/** Installs on a node, or takes away, the one command that the controller's key may run there. */
export async function nodeCommand(
  terminal: Terminal,
  how: 'install' | 'remove',
  options: NodeOptions,
): Promise<ExitCode> {
  const document = await readGroup(options);
  const { metadata, spec } = document.group;
  const { admin, controller } = await loginsOf(document, options, terminal);
  const installation = {
    group: metadata.name,
    user: options.user,
    redisUnit: spec.redis.unit,
    dataFolder: options.dataFolder,
    units: spec.units.map((unit) => unit.name),
  };
  const { node } = options;
  const installed = await installNode(admin, controller, installation, how);
  if (installed.kind !== 'done') {
    const outcome = { outcome: installed.kind, node, message: installed.message };
    return printOutcome(terminal, options, {
      code: ExitCode.failed,
      text: installed.message,
      document: outcome,
    });
  }
  const problem = how === 'install' ? await tryInstalled(controller) : undefined;
  const last =
    problem === undefined ? advice(how, options, admin) : `Installed, but it does not work: ${problem}`;
  return printOutcome(terminal, options, {
    code: problem === undefined ? ExitCode.done : ExitCode.failed,
    text: [...installed.lines, last].join('\n'),
    document: { outcome: problem === undefined ? 'done' : 'failed', node, did: installed.lines, next: last },
  });
}

async function loginsOf(
  { group, folder }: GroupDocument,
  options: NodeOptions,
  terminal: Terminal,
): Promise<{ admin: SshLogin; controller: SshLogin }> {
  const { spec } = group;
  const index = spec.nodes.findIndex(({ name }) => name === options.node);
  const target = spec.nodes[index]?.ssh;
  if (target === undefined || spec.ssh === undefined) throw notThere(options.node, index, spec.nodes);
  for (const name of [options.as, options.user])
    if (!userName.safeParse(name).success) throw new UnderstudyError('BadUsage', `${name} is no login name.`);
  const secrets = new FileSecrets({ folder, env: process.env });
  const login = sshLogins(group, secrets);
  const known = login({ ...target, user: options.as });
  const checked =
    options.acceptNewHostKey === true
      ? await acceptNewHostKey(known, spec.ssh.knownHostsFrom, terminal)
      : known;
  const controller = { ...checked, user: options.user };
  const { identity } = options;
  if (identity === undefined) return { admin: checked, controller };
  const read = async () => {
    const privateKey = await resolveSecret({ file: identity }, '--identity', {
      env: process.env,
      folder: process.cwd(),
    });
    return { ...(await checked.read()), privateKey };
  };
  const places = { ...checked.places, privateKey: `--identity (${identity})` };
  return { admin: { ...checked, read, places }, controller };
}

function notThere(name: string, index: number, nodes: readonly { readonly name: string }[]): UnderstudyError {
  if (index >= 0)
    return new UnderstudyError(
      'BadUsage',
      `spec.nodes[${index}] (${name}) has no ssh: give it a host and a user first.`,
    );
  const names = nodes.map((node) => node.name);
  const meant = nearest(name, names);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return new UnderstudyError('BadUsage', `There is no node ${name}, only ${names.join(', ')}.${hint}`);
}

function advice(how: 'install' | 'remove', { node, user }: NodeOptions, { host, port }: SshLogin): string {
  if (how === 'remove')
    return `Taken away from ${node}. The key of the controller does nothing there any more.`;
  const address = port === 22 ? host : `${host}, port: ${port}`;
  return `Tried: the controller's key runs understudy-node on ${node} and nothing else. In the spec, ${node} now has\n  ssh: { host: ${address}, user: ${user} }`;
}
