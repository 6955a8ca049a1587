import { type NetConnectOpts, Socket } from 'node:net';

/**
 * Loaded before the controller (`node --import`): its connections to 127.0.0.1 come from a loopback address of
 * its own, so that a server's record of commands tells which of two controllers sent them. Nothing else differs.
 */
const address = process.env.UNDERSTUDY_TEST_ADDRESS;
const connect: unknown = Socket.prototype.connect;

function connectFrom(this: Socket, ...words: unknown[]): unknown {
  for (const word of words.flat()) {
    const terms = word as (NetConnectOpts & { host?: string; localAddress?: string }) | null;
    if (typeof terms === 'object' && terms?.host === '127.0.0.1') terms.localAddress ??= address ?? '';
  }
  return Reflect.apply(connect as (...all: unknown[]) => unknown, this, words);
}

if (address !== undefined) Socket.prototype.connect = connectFrom as typeof Socket.prototype.connect;
