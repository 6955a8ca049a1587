/**
 * A program of its own, one for each host that is on: runs systemd-nspawn, again when the host reboots
 * itself, and takes wire and control group away when the host is off.
 * usage: node power-supply.ts LAB-FOLDER NODE
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ControlGroup } from './control-group.ts';
import { LabNetwork } from './lab-network.ts';
import { findNode, hypervisorNode, type LabNode } from './lab-nodes.ts';
import { LabPaths } from './lab-paths.ts';
import { RootFileSystem } from './root-file-system.ts';

/** What nspawn exits with when its host asked for a reboot: with --keep-unit the caller starts it again. */
const askedForReboot = 133;

const enterGroupAndMount = `set -eu
echo $$ >"$1/cgroup.procs"; shift
mount -t overlay overlay -o "$1" "$2"; shift 2
exec "$@"`;

/** The argv of systemd-nspawn for a host whose root is mounted. */
function nspawn(paths: LabPaths, node: LabNode, base: RootFileSystem): string[] {
  const repository = join(import.meta.dirname, '..', '..');
  return [
    ...base.program('usr/bin/systemd-nspawn'),
    ...['--boot', '--quiet', '--register=no', '--keep-unit', `--machine=${node.name}`],
    `--directory=${join(paths.machine(node), 'root')}`,
    `--network-namespace-path=${paths.namespace(node.name)}`,
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no', '--console=read-only'],
    `--bind-ro=${realpathSync(process.execPath)}:/opt/node/bin/node`,
    `--bind-ro=${repository}:/opt/understudy`,
    ...(node === hypervisorNode ? [`--bind=${paths.desk}:/var/lib/pct-desk`] : []),
  ];
}

function start(paths: LabPaths, node: LabNode, group: ControlGroup): ChildProcess {
  const base = new RootFileSystem(readFileSync(paths.installed(node), 'utf8'));
  const machine = paths.machine(node);
  const layers = `lowerdir=${base.folder},upperdir=${join(machine, 'disk')},workdir=${join(machine, 'work')}`;
  const inOwnMounts = ['-m', '--propagation', 'private', 'sh', '-c', enterGroupAndMount, 'sh'];
  const args = [...inOwnMounts, group.folder, layers, join(machine, 'root'), ...nspawn(paths, node, base)];
  const env = { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1', SYSTEMD_NSPAWN_LOCK: '0' };
  return spawn('unshare', args, { stdio: 'inherit', env });
}

const [folder = '', name = ''] = process.argv.slice(2);
const paths = new LabPaths(folder);
const node = findNode(name);
const network = new LabNetwork(paths);
const group = new ControlGroup(paths, node);
let isWanted = true;
process.on('SIGTERM', () => {
  isWanted = false;
  group.kill();
});

let code: unknown = askedForReboot;
while (isWanted && code === askedForReboot) {
  await network.plug(node);
  group.create();
  const machine = start(paths, node, group);
  writeFileSync(paths.supply(node), JSON.stringify({ supply: process.pid, machine: machine.pid }));
  [code] = await once(machine, 'exit');
  await network.unplug(node);
  await group.remove();
}
rmSync(paths.supply(node), { force: true });
