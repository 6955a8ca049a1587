import { connect } from 'node:net';
import type { Endpoint } from '../ports/redis-node.ts';

/**
 * Whether a server answers Redis's protocol without TLS. A Redis that speaks none waits in silence for the end
 * of a TLS greeting, as one that hangs does: only this tells them apart. Ends with the signal at the latest.
 */
export async function answersPlainly({ host, port }: Endpoint, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port, signal }, () => socket.write('PING\r\n'));
  // +PONG, or -NOAUTH and the like; TLS begins its alerts with 0x15.
  socket.once('data', (data) => resolve(data[0] === 0x2b || data[0] === 0x2d));
  socket.on('error', () => resolve(false));
  socket.on('close', () => resolve(false));
  const answer = await promise;
  socket.destroy();
  return answer;
}
