import { Command, Option } from 'commander';
import { hand } from './command.ts';
import { Lab } from './lab.ts';
import { type CutKind, cutKinds } from './lab-network.ts';
import { statusTable } from './status-table.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const lab = new Lab({ say });
const nodeHelp = 'n27, 27, ct100 or 10.92.3.27';

const program = new Command('lab')
  .description(
    'Two real hosts on this machine: systemd, sshd, Redis and the bots, as the runbook describes them.\n' +
      'Needs root on Debian. The lab is in $UNDERSTUDY_LAB (a folder, or a name below /var/tmp/understudy-lab).',
  )
  .enablePositionalOptions()
  .showHelpAfterError();

function action(name: string, description: string, act: (node: string) => Promise<void>): void {
  program.command(name).description(description).argument('<node>', nodeHelp).action(act);
}

program
  .command('up')
  .description('boot the hosts (build and install what is missing) and wait until they answer ssh')
  .addOption(new Option('--nodes <number>', 'hosts with Redis and bots').choices(['2', '3']).default('2'))
  .option('--hypervisor', "a third machine, 10.92.3.2, whose pct cuts the hosts' power")
  .action(async (options: { nodes: string; hypervisor?: boolean }) => {
    const began = performance.now();
    await lab.up({ nodes: Number(options.nodes), hypervisor: options.hypervisor === true });
    say(statusTable(await lab.status()));
    say(`up in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });
program
  .command('down')
  .description('end it all at once; the disks are kept')
  .action(() => lab.down());
program
  .command('status')
  .description('which hosts are on, and which wires are cut')
  .option('--json', 'as JSON')
  .action(async (options: { json?: boolean }) => {
    const status = await lab.status();
    process.stdout.write(`${options.json ? JSON.stringify(status) : statusTable(status)}\n`);
  });
program
  .command('cut')
  .description("cut a host's wire: silently, with its carrier (link), or only between it and the controller")
  .argument('<node>', nodeHelp)
  .argument('[how]', cutKinds.join(', '), 'drop')
  .action(async (node: string, how: string) => {
    const kind = cutKinds.find((known) => known === how);
    if (!kind) throw new Error(`a wire is cut by ${cutKinds.join(', ')}, not by '${how}'`);
    await lab.cut(node, kind satisfies CutKind);
  });
action('heal', "mend a host's wire", (node) => lab.heal(node));
program
  .command('split')
  .description('cut the hosts from each other; the controller reaches them all')
  .action(() => lab.split());
program
  .command('unsplit')
  .description('mend that')
  .action(() => lab.unsplit());
action('kill', 'power loss: nothing of it gets out; the disk is kept', (node) => lab.kill(node));
program
  .command('boot')
  .description('switch a host on and wait until it answers ssh')
  .argument('<node>', nodeHelp)
  .option('--clock-offset <offset>', 'a wrong wall clock, such as +1h')
  .action((node: string, { clockOffset }: { clockOffset?: string }) =>
    lab.boot(node, clockOffset === undefined ? {} : { clockOffset }),
  );
action('stop', 'shut a host down', (node) => lab.shutdown(node));
action('freeze', 'stop every process of a host where it is', (node) => lab.freeze(node));
action('thaw', 'let them go on', (node) => lab.thaw(node));
program
  .command('ssh')
  .description('a shell, or a command, as root on a host, from where the controller is')
  .argument('<node>', nodeHelp)
  .argument('[command...]')
  .passThroughOptions()
  .action(async (node: string, command: string[]) => {
    process.exitCode = await hand(lab.sshArgv(node, command));
  });
program
  .command('ctl')
  .description("run a command of this machine in the controller's network namespace")
  .argument('<command...>')
  .passThroughOptions()
  .action(async (command: string[]) => {
    process.exitCode = await hand(lab.enter(command));
  });
program
  .command('build')
  .description('build the root file system that all hosts share, once')
  .action(() => lab.build());
program
  .command('clean')
  .description('down, and wipe the disks')
  .action(() => lab.clean());

try {
  await program.parseAsync();
} catch (error) {
  say(`lab: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
