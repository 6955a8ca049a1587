import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder with kube-apiserver and etcd: KUBEBUILDER_ASSETS, as setup-envtest sets it, or where the build of
 * `deploy/bootstrap.sh apiserver` puts them.
 */
export function assetsFolder(env: NodeJS.ProcessEnv = process.env): string {
  // An empty variable counts as none, as in the script.
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = env.KUBEBUILDER_ASSETS || join(cache, 'understudy-apiserver', 'bin');
  for (const program of ['kube-apiserver', 'etcd'])
    if (!existsSync(join(folder, program)))
      throw new Error(
        `${program} is not in ${folder}: run 'sh deploy/bootstrap.sh apiserver', or set KUBEBUILDER_ASSETS`,
      );
  return folder;
}

/** Such as v1.20.2. */
export function apiServerVersion(): string {
  const told = execFileSync(join(assetsFolder(), 'kube-apiserver'), ['--version'], { encoding: 'utf8' });
  return /v\d+\.\d+\.\d+/.exec(told)?.[0] ?? told.trim();
}
