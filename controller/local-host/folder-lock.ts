import { createHash } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { HostFault } from './host-fault.ts';

/** No stop of a unit takes longer; whoever waits for more waits in vain (ms). */
const patienceMs = 60_000;

/**
 * Runs the work while no other process, and no other caller in this one, works on the folder. It is held by
 * listening on an abstract Unix socket, which the kernel gives to one at a time and takes back when its holder
 * ends, however it ends (unix(7)): a lock of the dead cannot be left. Throws HostBusy.
 */
export async function holdingFolder<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const address = `\0understudy-host:${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`;
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lock = await claim(address);
    if (lock !== undefined) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (performance.now() > deadline)
      throw new HostFault('HostBusy', `${directory}: another process works on it and does not end.`);
    await untilReleased(address, deadline);
  }
}

async function claim(address: string): Promise<{ release(): void } | undefined> {
  const waiting = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => waiting.delete(socket));
  });
  const release = () => {
    server.close();
    // Those who wait are told by the end of their connection.
    for (const socket of waiting) socket.destroy();
  };
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new HostFault('HostUnusable', error.message, { cause: error }));
    });
    server.listen(address, () => resolve({ release }));
  });
}

async function untilReleased(address: string, deadline: number): Promise<void> {
  const ended = new AbortController();
  const socket = connect(address);
  const closed = new Promise<void>((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    socket.resume();
  });
  const late = delay(Math.max(deadline - performance.now(), 1), undefined, { signal: ended.signal }).catch(
    () => undefined,
  );
  await Promise.race([closed, late]);
  ended.abort();
  socket.destroy();
}
