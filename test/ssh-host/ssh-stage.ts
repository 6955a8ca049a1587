import type { TestContext } from 'node:test';
import { NodeScript } from '../../controller/ssh-host/node-script.ts';
import { SshHost, type SshHostOptions } from '../../controller/ssh-host/ssh-host.ts';
import type { SshLogin } from '../../controller/ssh-host/ssh-login.ts';
import { SshServer, type SshServerOptions } from './ssh-server.ts';

/** A script that does as the protocol says and nothing else. */
const scriptText = "echo 'understudy-node 2'\necho done\n";

/** A server that is gone with the test. */
export async function startServer(context: TestContext, options: SshServerOptions = {}): Promise<SshServer> {
  const server = await SshServer.start(options);
  context.after(() => server.stop());
  return server;
}

/** The adapter under test, for a login. */
export function hostAt(
  context: TestContext,
  login: SshLogin,
  options: Partial<Omit<SshHostOptions, 'login'>> = {},
): SshHost {
  const host = new SshHost({
    login,
    script: new NodeScript(scriptText),
    group: 'quantshift',
    units: ['bot.service', 'second.service'],
    redisUnit: 'redis-server.service',
    // Nobody hurries here but who tests for hurry.
    lookMs: 20_000,
    ...options,
  });
  context.after(() => host.close());
  return host;
}
