import { attempt, isInstalled, run } from './command.ts';

/** Programs that the lab uses on this machine, and the package of each; most are on every Debian. */
const needs: Readonly<Record<string, string>> = {
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  ip: 'iproute2',
  bridge: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  flock: 'util-linux',
  setpriv: 'util-linux',
  chroot: 'coreutils',
};

/** Installs what the lab lacks on this machine, and says so. Throws where the lab cannot work at all. */
export async function meetNeeds(say: (line: string) => void): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('the lab needs root on Linux: it makes network namespaces and boots hosts');
  const missing = Object.entries(needs).filter(([program]) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))];
  say(`installing ${packages.join(' ')} with apt-get …`);
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if ((await attempt(install, { env })).code === 0) return;
  await run(['apt-get', 'update', '-qq']);
  await run(install, { env });
}
