import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { HostDisk } from './host-disk.ts';
import { allNodes, hypervisorNode, type LabNode, redisHosts } from './lab-nodes.ts';
import type { LabPaths } from './lab-paths.ts';
import type { RootFileSystem } from './root-file-system.ts';

/** Units that a host of the lab has no use for. */
const masked = [
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer'],
  ...[
    'e2scrub_reap.service',
    'fstrim.timer',
    'systemd-pstore.service',
    'systemd-networkd-wait-online.service',
  ],
  ...['console-getty.service', 'getty.target', 'machines.target'],
];

export const bots = ['equity', 'crypto'] as const;

/** Installs hosts, each once: what is on its disk beyond Debian's packages, as the runbook describes it. */
export class HostInstallation {
  readonly #paths: LabPaths;
  readonly #base: RootFileSystem;

  constructor(paths: LabPaths, base: RootFileSystem) {
    this.#paths = paths;
    this.#base = base;
  }

  /** Makes the lab's key and password, and a disk for each machine that has none. */
  async install(nodes: readonly LabNode[]): Promise<void> {
    mkdirSync(this.#paths.run, { recursive: true, mode: 0o700 });
    if (!existsSync(this.#paths.privateKeyFile)) await makeKey(this.#paths.privateKeyFile, 'lab');
    if (!existsSync(this.#paths.passwordFile))
      writeFileSync(this.#paths.passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
    for (const node of nodes) if (!this.#paths.isInstalled(node)) await this.#installOne(node);
    const known = allNodes.filter((node) => this.#paths.isInstalled(node)).map((node) => this.#hostKey(node));
    writeFileSync(this.#paths.knownHostsFile, known.join(''));
  }

  /** A host's disk; write to it only while the host is off. */
  disk(node: LabNode): HostDisk {
    const installed = this.#paths.installed(node);
    const base = existsSync(installed) ? readFileSync(installed, 'utf8') : this.#base.folder;
    return new HostDisk(this.#paths.disk(node), base);
  }

  #hostKey(node: LabNode): string {
    const publicKey = readFileSync(join(this.#paths.disk(node), 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8');
    return `${node.address} ${publicKey.split(' ').slice(0, 2).join(' ')}\n`;
  }

  async #installOne(node: LabNode): Promise<void> {
    const machine = this.#paths.machine(node);
    rmSync(machine, { recursive: true, force: true });
    for (const folder of ['disk', 'work', 'root']) mkdirSync(join(machine, folder), { recursive: true });
    const disk = this.disk(node);
    await this.#installSystem(disk, node);
    if (node === hypervisorNode) installHypervisor(disk);
    else {
      this.#installRedis(disk, node);
      await this.#installBots(disk);
    }
    writeFileSync(this.#paths.installed(node), this.#base.folder);
  }

  async #installSystem(disk: HostDisk, node: LabNode): Promise<void> {
    disk.write('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`);
    disk.write('/etc/hostname', `${node.name}\n`);
    const names = allNodes.map(({ address, name, alias }) => `${address} ${name} ${alias}\n`);
    disk.write('/etc/hosts', `127.0.0.1 localhost\n${names.join('')}`);
    for (const unit of masked) disk.mask(unit);
    const journal = ['[Journal]', 'Storage=persistent', 'SyncIntervalSec=1s', 'SystemMaxUse=64M', ''];
    disk.write('/etc/systemd/journald.conf.d/lab.conf', journal.join('\n'));
    const sshd = ['PasswordAuthentication no', 'PermitRootLogin prohibit-password', 'UseDNS no', ''];
    disk.write('/etc/ssh/sshd_config.d/lab.conf', sshd.join('\n'));
    disk.makeFolder('/root');
    disk.write('/root/.ssh/authorized_keys', readFileSync(`${this.#paths.privateKeyFile}.pub`, 'utf8'), {
      mode: 0o600,
    });
    const keyFolder = mkdtempSync(join(this.#paths.run, 'key-'));
    const key = join(keyFolder, 'key');
    await makeKey(key, node.name);
    disk.write('/etc/ssh/ssh_host_ed25519_key', readFileSync(key, 'utf8'), { mode: 0o600 });
    disk.write('/etc/ssh/ssh_host_ed25519_key.pub', readFileSync(`${key}.pub`, 'utf8'));
    rmSync(keyFolder, { recursive: true });
  }

  #installRedis(disk: HostDisk, node: LabNode): void {
    const password = readFileSync(this.#paths.passwordFile, 'utf8');
    const primary = redisHosts[0];
    const settings = [
      'maxmemory 512mb',
      'maxmemory-policy allkeys-lru',
      'save 900 1',
      `requirepass ${password}`,
      `masterauth ${password}`,
      ...(primary && node !== primary ? [`replicaof ${primary.address} 6379`] : []),
    ];
    const debian = disk.read('/etc/redis/redis.conf');
    const open = debian
      .replace(/^bind .*/m, 'bind 0.0.0.0')
      .replace(/^protected-mode yes/m, 'protected-mode no');
    const redis = { owner: 'redis', group: 'redis', mode: 0o640 };
    disk.write('/etc/redis/redis.conf', `${open}\n${settings.join('\n')}\n`, redis);
  }

  async #installBots(disk: HostDisk): Promise<void> {
    const password = readFileSync(this.#paths.passwordFile, 'utf8');
    disk.write('/etc/quantshift/redis-password', password, { group: 'quantshift', mode: 0o640 });
    disk.write('/opt/quantshift/bot.mjs', await withoutTypes(join(import.meta.dirname, 'bot.ts')));
    for (const bot of bots) disk.write(`/etc/systemd/system/quantshift-${bot}.service`, botUnit(bot));
  }
}

/** Restarted when it fails, as often as need be, and started by nobody but the one who is asked to. */
const botUnit = (bot: string): string => `[Unit]
Description=Trading bot ${bot}
After=redis-server.service
StartLimitIntervalSec=0

[Service]
User=quantshift
ExecStart=/opt/node/bin/node /opt/quantshift/bot.mjs ${bot}
Restart=on-failure

[Install]
WantedBy=multi-user.target
`;

function installHypervisor(disk: HostDisk): void {
  disk.mask('redis-server.service');
  const pct = '#!/bin/sh\nexec /opt/node/bin/node /opt/understudy/test/lab/pct.ts "$@"\n';
  disk.write('/usr/local/sbin/pct', pct, { mode: 0o755 });
}

/** The JavaScript of a TypeScript file: Node starts it in 30 ms, and the other in 110. */
async function withoutTypes(file: string): Promise<string> {
  // In a process of its own, which is told not to warn that the function is young.
  const strip = `const { stripTypeScriptTypes } = require('node:module');
    process.stdout.write(stripTypeScriptTypes(fs.readFileSync(process.argv[1], 'utf8')));`;
  return run([process.execPath, '--disable-warning=ExperimentalWarning', '-e', strip, file]);
}

/** Written aside and renamed, so that a key that is there is whole. */
async function makeKey(file: string, comment: string): Promise<void> {
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', fresh]);
  renameSync(`${fresh}.pub`, `${file}.pub`);
  renameSync(fresh, file);
}
