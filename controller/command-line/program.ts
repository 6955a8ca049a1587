import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { describeFault } from '../telemetry/event-log.ts';
import { type LogLevel, logLevels } from '../telemetry/log.ts';
import { UnderstudyError } from '../understudy-error.ts';
import { ExitCode, exitCodeOf } from './exit-code.ts';
import { defaultFile } from './group-document.ts';
import type { Terminal } from './terminal.ts';

interface CommonOptions {
  readonly file?: string;
  readonly group?: string;
}

interface RunFlags {
  readonly probeMs: number;
  readonly logLevel: LogLevel;
  readonly kubernetes?: boolean;
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly leaseNamespace?: string;
  readonly identity?: string;
  readonly http: string;
}

interface MoveFlags {
  readonly timeout: number;
  readonly json?: boolean;
}

const exitCodeHelp = `
Exit codes:
  0  done (status: the group is ready and looked after)
  1  failed, or put back (status: not ready)
  2  bad usage or input
  3  refused, and nothing was changed
  4  still going when --timeout ended

--file names the group's YAML file or a folder of them; without it, $UNDERSTUDY_FILE or ./failovergroup.yaml.
Where the file is kept in Git and applied from there, edit spec.primary there instead of using switchover.`;

/** Runs one command line; resolves with its exit code. Everything it says goes to the terminal. */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = ExitCode.done;
  const program = describeProgram(terminal, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return tellFailure(terminal, words.includes('--json'), error);
    if (error.exitCode === 0) return ExitCode.done;
    // Commander has told a person already.
    if (words.includes('--json'))
      terminal.out(`${JSON.stringify(failureDocument(ExitCode.badInput, 'BadUsage', error.message))}\n`);
    return ExitCode.badInput;
  }
}

function tellFailure(terminal: Terminal, json: boolean, error: unknown): ExitCode {
  const known = error instanceof UnderstudyError;
  const code = known ? exitCodeOf(error.code) : ExitCode.failed;
  const message = describeFault(error);
  if (json)
    terminal.out(`${JSON.stringify(failureDocument(code, known ? error.code : 'Unexpected', message))}\n`);
  else terminal.err(`${message}\n`);
  return code;
}

function failureDocument(exitCode: ExitCode, reason: string, message: string): object {
  return { ok: false, exitCode, outcome: 'error', reason, message };
}

function describeProgram(terminal: Terminal, ended: (code: ExitCode) => void): Command {
  const program = new Command('understudy')
    .description('Keeps one Redis primary on stage and its standby ready.')
    .option('-f, --file <path>', 'the file of the group, or a folder of them')
    .option('-g, --group <name>', 'which group, when a folder holds several')
    .addHelpText('after', exitCodeHelp)
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => Math.min(terminal.columns, 100),
    })
    .showHelpAfterError('(understudy --help tells more)')
    .exitOverride();
  const choice = () => {
    const { file, group } = program.opts<CommonOptions>();
    return { file: file ?? defaultFile(process.env), group };
  };
  addLookCommands(program, { terminal, ended, choice });
  addMoveCommands(program, { terminal, ended, choice });
  addNodeCommands(program, { terminal, ended, choice });
  return program;
}

interface Frame {
  readonly terminal: Terminal;
  readonly ended: (code: ExitCode) => void;
  readonly choice: () => { readonly file: string; readonly group: string | undefined };
}

function addLookCommands(program: Command, { terminal, ended, choice }: Frame): void {
  program
    .command('run')
    .description('look after the groups until told to end (SIGTERM); logs to stderr')
    .option('--kubernetes', 'the groups of a cluster, in turns with other replicas of this controller')
    .option('-n, --namespace <name>', 'with --kubernetes: only the groups of this namespace')
    .option(
      '--kubeconfig <file>',
      'with --kubernetes: absent, as kubectl finds its own, or the pod’s account',
    )
    .option('--lease-namespace <name>', 'with --kubernetes: where the leader’s Lease is kept')
    .option('--identity <name>', 'with --kubernetes: what the leader is called in the Lease')
    .option(
      '--http <host:port>',
      'with --kubernetes: where to serve healthz, readyz and metrics',
      place,
      '0.0.0.0:8080',
    )
    .option('--probe-ms <n>', 'how often to look when nothing happens', milliseconds, 1_000)
    .addOption(new Option('--log-level <level>', 'what to log').choices(logLevels).default('info'))
    .action(async ({ kubernetes, ...flags }: RunFlags) => {
      if (kubernetes === true) {
        const { runInKubernetes } = await import('./run-in-kubernetes.ts');
        ended(await runInKubernetes(flags));
        return;
      }
      const { runCommand } = await import('./run-command.ts');
      ended(await runCommand({ ...flags, file: choice().file }));
    });
  program
    .command('status')
    .description('what is so, and what to do about it')
    .addOption(new Option('-w, --watch', 'show it anew every second; q ends').conflicts('json'))
    .option('--json', 'one JSON document')
    .action(async (flags: { watch?: boolean; json?: boolean }) => {
      if (flags.watch === true) {
        const { watchStatus } = await import('./watch-status.ts');
        ended(await watchStatus(terminal, choice()));
        return;
      }
      const { statusCommand } = await import('./status-command.ts');
      ended(await statusCommand(terminal, { ...choice(), ...flags }));
    });
  program
    .command('plan')
    .description('what would be done now, and why; touches nothing')
    .option('--json', 'one JSON document')
    .action(async (flags: { json?: boolean }) => {
      const { planCommand } = await import('./plan-command.ts');
      ended(await planCommand(terminal, { ...choice(), ...flags }));
    });
  program
    .command('validate')
    .argument('[path]', 'file or folder; else as --file')
    .description('tell every mistake of a file with its line')
    .option('--json', 'one JSON document')
    .action(async (path: string | undefined, flags: { json?: boolean }) => {
      const { validateCommand } = await import('./validate-command.ts');
      ended(await validateCommand(terminal, { file: path ?? choice().file, ...flags }));
    });
}

function addMoveCommands(program: Command, { terminal, ended, choice }: Frame): void {
  const moving = (name: string, description: string, timeout: number) =>
    program
      .command(name)
      .description(description)
      .option('--timeout <seconds>', 'how long to wait for the end', seconds, timeout)
      .option('--json', 'one JSON document as the last line; progress goes to stderr');
  const options = ({ timeout, json }: MoveFlags) => ({ ...choice(), timeoutSeconds: timeout, json });
  moving('switchover', 'make NODE the primary without losing a write, and wait for it', 60)
    .argument('<node>', 'name of the node')
    .action(async (node: string, flags: MoveFlags) => {
      const { switchoverCommand } = await import('./switchover-command.ts');
      ended(await switchoverCommand(terminal, node, options(flags)));
    });
  moving('failback', 'after a failover, move the primary back to where spec.primary has it', 60).action(
    async (flags: MoveFlags) => {
      const { failbackCommand } = await import('./failback-command.ts');
      ended(await failbackCommand(terminal, options(flags)));
    },
  );
  for (const [name, description, paused] of [
    ['pause', 'watch and report only, from now on', true],
    ['resume', 'look after the group again', false],
  ] as const)
    moving(name, description, 10).action(async (flags: MoveFlags) => {
      const { pauseCommand } = await import('./pause-command.ts');
      ended(await pauseCommand(terminal, paused, options(flags)));
    });
}

interface NodeFlags {
  readonly node: string;
  readonly as: string;
  readonly identity?: string;
  readonly user: string;
  readonly data: string;
  readonly acceptNewHostKey?: boolean;
  readonly json?: boolean;
}

function addNodeCommands(program: Command, { terminal, ended, choice }: Frame): void {
  const nodes = program.command('node').description('prepare the machines of the nodes');
  for (const [name, how, description] of [
    ['install', 'install', 'let the key of the controller run understudy-node on a node, and nothing else'],
    ['uninstall', 'remove', 'take away what install put on a node'],
  ] as const)
    nodes
      .command(name)
      .description(description)
      .requiredOption('--node <name>', 'name of the node')
      .option('--as <login>', 'login that may do anything there (root, or sudo without a password)', 'root')
      .option('--identity <file>', 'private key of that login; else the one of the controller')
      .option('--user <login>', 'login that the controller gets', 'understudy')
      .option('--data <folder>', 'where Redis keeps its data there', '/var/lib/redis')
      .option('--accept-new-host-key', 'trust the host key that it shows now, when none is known of it')
      .option('--json', 'one JSON document')
      .action(async ({ data, ...flags }: NodeFlags) => {
        const { nodeCommand } = await import('./node-command.ts');
        ended(await nodeCommand(terminal, how, { ...choice(), ...flags, dataFolder: data }));
      });
}

function place(text: string): string {
  if (/^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$/.test(text)) return text;
  throw new InvalidArgumentError('must be HOST:PORT, such as 127.0.0.1:8080.');
}

function milliseconds(text: string): number {
  return numberWithin(text, 10, 60_000);
}

function seconds(text: string): number {
  return numberWithin(text, 0, 86_400);
}

function numberWithin(text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`must be a number from ${least} to ${most}.`);
}
