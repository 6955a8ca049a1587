import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import type { Endpoint } from '../../controller/ports/redis-node.ts';
import { closeAdmin, connectAdmin } from './admin-connection.ts';
import { freePort } from './free-port.ts';
import { reapOnExit } from './reap-on-exit.ts';
import { redisBinary } from './redis-binary.ts';

/** A redis-server without a config file and without a password: its settings come on its standard input. */
export async function startBareRedis(
  settings: readonly string[] = [],
): Promise<{ endpoint: Endpoint; stop: () => Promise<void> }> {
  const endpoint = { host: '127.0.0.1', port: await freePort() };
  const child = spawn(redisBinary(), ['-'], { stdio: ['pipe', 'ignore', 'ignore'], cwd: tmpdir() });
  reapOnExit(child);
  const lines = [`bind ${endpoint.host}`, `port ${endpoint.port}`, 'save ""', 'daemonize no', ...settings];
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  closeAdmin(await connectAdmin(endpoint));
  return {
    endpoint,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
