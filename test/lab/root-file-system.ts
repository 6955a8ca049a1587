import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { attempt, run } from './command.ts';
import { wrongClockLibrary } from './host-clock.ts';
import { LabPaths } from './lab-paths.ts';

const suite = 'bookworm';

const packages = [
  ...['systemd', 'systemd-sysv', 'systemd-container', 'dbus', 'libpam-systemd'],
  ...['openssh-server', 'redis-server', 'sudo', 'busybox', 'openssl', 'tcc', 'binutils'],
  ...['iproute2', 'procps', 'iputils-ping'],
];

/**
 * Run inside the fresh root, with wrong-clock.c to read. The compiler alone would ask for an executable
 * stack, which Redis's unit forbids; hence a linker. The rest is what hosts should not have in common.
 */
const finish = `set -eu
tcc -c -o /tmp/wrong-clock.o -x c -
ld -shared -z noexecstack -o ${wrongClockLibrary} /tmp/wrong-clock.o
rm /tmp/wrong-clock.o
apt-get purge -y -qq tcc binutils >/dev/null
apt-get clean
rm -rf /var/lib/apt/lists/* /usr/share/doc/* /usr/share/locale/* /usr/share/man/*
rm -f /etc/ssh/ssh_host_*
: >/etc/resolv.conf
: >/etc/machine-id
useradd --system --user-group --home-dir /var/lib/quantshift --create-home --shell /usr/sbin/nologin quantshift
install -d /opt/node/bin /opt/understudy /var/lib/pct-desk /var/log/journal
ln -sfn /lib/systemd/system/multi-user.target /etc/systemd/system/default.target
`;

/**
 * The root file system that every host of every lab shares, read-only, below its own disk. Debian, made by
 * debootstrap from the mirror that this machine itself uses; debootstrap is unpacked beside it, so nothing
 * is installed on the machine.
 */
export class RootFileSystem {
  readonly folder: string;

  /** The one of today's recipe, unless told which. */
  constructor(folder: string = currentFolder()) {
    this.folder = folder;
  }

  get isBuilt(): boolean {
    return existsSync(this.folder);
  }

  /** Builds it unless it is there; a second builder waits for the first. Takes 60 to 80 s and 150 MB. */
  async build(say: (line: string) => void): Promise<void> {
    if (this.isBuilt) return;
    const shared = dirname(this.folder);
    mkdirSync(shared, { recursive: true });
    const release = await lock(`${this.folder}.lock`);
    try {
      if (this.isBuilt) return;
      say(`building the hosts' root file system in ${this.folder} (once, about a minute) …`);
      // Only a finished build gets the name; what an aborted one left is swept here, under the lock.
      for (const name of readdirSync(shared))
        if (name.startsWith(`${basename(this.folder)}.building-`))
          rmSync(join(shared, name), { recursive: true });
      const unfinished = `${this.folder}.building-${process.pid}`;
      await this.#debootstrap(unfinished);
      await run(['chroot', unfinished, '/bin/sh', '-c', finish], { input: wrongClock() });
      renameSync(unfinished, this.folder);
    } finally {
      await release();
    }
  }

  async #debootstrap(target: string): Promise<void> {
    const shared = dirname(this.folder);
    const tools = join(shared, 'tools');
    const program = join(tools, 'usr/sbin/debootstrap');
    if (!existsSync(program)) await unpackDebootstrap(tools);
    const argv = [program, '--variant=minbase', `--include=${packages.join(',')}`, suite, target];
    const env = { ...process.env, DEBOOTSTRAP_DIR: join(tools, 'usr/share/debootstrap') };
    const { code, stdout, stderr } = await attempt([...boundToUs, ...argv, await mirror()], { env });
    const log = join(shared, 'build.log');
    writeFileSync(log, stdout + stderr);
    if (code !== 0) throw new Error(`debootstrap failed (exit ${code}); see ${log}`);
  }

  /** The argv of a program of the base, run by the base's own libraries: this machine may lack both. */
  program(path: string): string[] {
    const libraries = join(this.folder, 'usr/lib/x86_64-linux-gnu');
    const loader = join(this.folder, 'lib64/ld-linux-x86-64.so.2');
    return [loader, '--library-path', `${libraries}:${libraries}/systemd`, join(this.folder, path)];
  }
}

function currentFolder(): string {
  const recipe = createHash('sha256').update(JSON.stringify([suite, packages, finish, wrongClock()]));
  return join(LabPaths.shared, `base-${recipe.digest('hex').slice(0, 12)}`);
}

const wrongClock = (): string => readFileSync(join(import.meta.dirname, 'wrong-clock.c'), 'utf8');

async function unpackDebootstrap(tools: string): Promise<void> {
  mkdirSync(tools, { recursive: true });
  const download = 'cd "$1" && apt-get -qq download debootstrap && dpkg -x debootstrap_*.deb .';
  const fetched = await attempt(['sh', '-c', download, 'sh', tools]);
  if (fetched.code === 0) return;
  await run(['apt-get', '-qq', 'update']);
  await run(['sh', '-c', download, 'sh', tools]);
}

/** Runs a program that ends, with all it started and mounted, when this process does, however that ends. */
const boundToUs = [
  ...['setpriv', '--pdeathsig', 'KILL', 'unshare', '--fork', '--pid', '--kill-child'],
  ...['--mount', '--mount-proc', '--propagation', 'private'],
];

/** Debian's mirror as this machine's apt knows it. */
async function mirror(): Promise<string> {
  const format = '$(LABEL) $(COMPONENT) $(SITE)';
  const lines = await run(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']);
  const site = lines
    .split('\n')
    .find((line) => line.startsWith('Debian main '))
    ?.split(' ')[2];
  if (site) return site;
  throw new Error('apt on this machine knows no Debian mirror: the lab needs Debian, and its apt sources');
}

/** Holds a lock that the kernel frees however this process ends. Resolves to what releases it. */
async function lock(file: string): Promise<() => Promise<void>> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const held = once(holder.stdout, 'data');
  const ended = once(holder, 'close');
  await Promise.race([held, ended.then(() => Promise.reject(new Error(`cannot lock ${file}`)))]);
  return async () => {
    holder.stdin.end();
    await ended;
  };
}
