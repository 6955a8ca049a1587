/**
 * Listens on a port of the loopback where it is started, hands the socket to its parent, and ends: a socket stays
 * in the network namespace that it was made in. usage: forked, with PORT
 */
import { createServer } from 'node:net';

const server = createServer();
server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  process.send?.('listening', server, () => process.exit(0));
});
