import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import type { Endpoint } from '../../controller/ports/redis-node.ts';
import { closeAdmin, connectAdmin } from '../redis/admin-connection.ts';
import { freePort } from '../redis/free-port.ts';
import { reapOnExit } from '../redis/reap-on-exit.ts';
import { redisBinary } from '../redis/redis-binary.ts';

/** A redis-server without a config file and without a password: its settings come on its standard input. */
export async function startBareRedis(): Promise<{ endpoint: Endpoint; stop: () => Promise<void> }> {
  const endpoint = { host: '127.0.0.1', port: await freePort() };
  const child = spawn(redisBinary(), ['-'], { stdio: ['pipe', 'ignore', 'ignore'], cwd: tmpdir() });
  reapOnExit(child);
  child.stdin.end(`bind ${endpoint.host}\nport ${endpoint.port}\nsave ""\ndaemonize no\n`);
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
