/**
 * A trading bot, as a unit of every host. Every 5 ms it leaves a sign of life and, unless one is under way,
 * writes a key to its host's own Redis. What it did, it records on its host's disk: see bot-log.ts.
 * usage: node bot.ts NAME
 */
import { appendFileSync, openSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';

const tickMs = 5;
const bot = process.argv[2] ?? '';
const log = openSync(`/var/lib/quantshift/${bot}.log`, 'a', 0o644);
const password = readFileSync('/etc/quantshift/redis-password', 'utf8');
const prefix = `${bot}:${hostname()}`;

const nowNs = (): bigint => process.hrtime.bigint();

function record(kind: string, detail: string | number): void {
  appendFileSync(log, `${nowNs()} ${kind} ${detail}\n`);
}

record('start', process.pid);
process.on('SIGTERM', () => {
  record('stop', process.pid);
  process.exit(0);
});

// Counted from the uptime in ms: at one write in 5 ms, no restart ever comes to a number again.
let sequence = Number(nowNs() / 1_000_000n);
let redis: Socket | undefined;
let isReady = false;
let underWay: string | undefined;

/** In Redis's protocol, so that no character of a password means anything. */
function send(socket: Socket, ...words: string[]): void {
  const sized = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  socket.write(`*${words.length}\r\n${sized.join('')}`);
}

/** All that is ever answered is a line: `+OK` or `-CODE what is wrong`. */
function hear(socket: Socket, line: string): void {
  const code = line.startsWith('+') ? undefined : line.slice(1).split(' ')[0];
  if (!isReady) {
    if (code) {
      record('refused', code);
      socket.destroy();
    }
    isReady = code === undefined;
    return;
  }
  record(code ? 'refused' : 'acked', code ?? underWay ?? '');
  underWay = undefined;
}

function reach(): Socket {
  const socket = connect({ host: '127.0.0.1', port: 6379, noDelay: true });
  let text = '';
  socket.setEncoding('latin1');
  socket.on('connect', () => send(socket, 'AUTH', password));
  socket.on('data', (part: string) => {
    const lines = (text + part).split('\r\n');
    text = lines.pop() ?? '';
    for (const line of lines) hear(socket, line);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (underWay === undefined) record('refused', error.code ?? 'error');
  });
  socket.on('close', () => {
    // The answer is lost, and nobody can say whether the write is.
    if (underWay !== undefined) record('lost', underWay);
    underWay = undefined;
    isReady = false;
    redis = undefined;
  });
  return socket;
}

function tick(): void {
  record('tick', process.pid);
  redis ??= reach();
  if (!isReady || underWay !== undefined) return;
  sequence += 1;
  underWay = `${prefix}:${sequence}`;
  send(redis, 'SET', underWay, String(nowNs()));
}

tick();
setInterval(tick, tickMs);
