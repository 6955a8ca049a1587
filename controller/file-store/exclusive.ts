import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';

/**
 * An abstract Unix socket named after the path: the kernel gives it to one process at a time and takes it back
 * when that one ends, however it ends (unix(7)).
 */
async function addressOf(path: string): Promise<string> {
  // Of a file the name that it was given by, not what it points to: a link behind it may be swapped meanwhile.
  const isFolder = (await stat(path)).isDirectory();
  const real = isFolder ? await realpath(path) : join(await realpath(dirname(path)), basename(path));
  return `\0understudy:${createHash('sha256').update(real).digest('hex').slice(0, 32)}`;
}

/** Released by calling what comes back. Nothing comes back when another controller has it. */
export async function claimPath(path: string): Promise<(() => void) | undefined> {
  const address = await addressOf(path);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(() => server.close()));
  });
}

/** Whether a controller works on this path, on this machine. */
export async function isControllerRunning(path: string): Promise<boolean> {
  const address = await addressOf(path);
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
