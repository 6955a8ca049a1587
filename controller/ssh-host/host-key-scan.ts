import ssh2 from 'ssh2';
import { remoteText } from './remote-text.ts';
import type { Unreached } from './ssh-login.ts';

const limitMs = 5_000;

/** The key that the server shows, as it is in known_hosts after the name. Logs in nowhere. */
export async function shownHostKey(host: string, port: number): Promise<Buffer | Unreached> {
  const client = new ssh2.Client();
  return new Promise((resolve) => {
    let detail = 'it closed the connection';
    client.on('error', (error) => {
      detail = remoteText(error.message);
    });
    client.on('close', () => resolve({ state: 'silent', detail: `${host}:${port}: ${detail}` }));
    client.connect({
      host,
      port,
      // Never sent: the connection ends before there is a login.
      username: 'nobody',
      readyTimeout: limitMs,
      hostVerifier: (key: Buffer): boolean => {
        resolve(Buffer.from(key));
        return false;
      },
    });
  });
}
