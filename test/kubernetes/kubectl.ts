import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Runs kubectl with that kubeconfig. Resolves to its stdout; rejects with its stderr when it fails. */
export async function runKubectl(kubeconfig: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn('kubectl', [`--kubeconfig=${kubeconfig}`, ...args], { stdio: 'pipe' });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${code}: ${stderr.trim()}`);
  return stdout;
}
