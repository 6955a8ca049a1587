import { setTimeout as delay } from 'node:timers/promises';
import { EndpointClient } from '../traffic/endpoint-client.ts';
import { monotonicMs } from '../traffic/monotonic.ts';
import { keyOf, WriteLog } from './write-log.ts';
import type { WriterOrder } from './writers.ts';

const stop = new AbortController();

/** Writes one key after the other and notes down each that was acknowledged, when and by whom. */
async function write(writer: number, { file, nodes, password, restMs }: WriterOrder): Promise<void> {
  const log = new WriteLog(file);
  const client = new EndpointClient({
    endpoints: nodes,
    password,
    backoffMs: [2, 5, 10, 20, 50],
    connectTimeoutMs: 500,
    commandTimeoutMs: 1_000,
  });
  for (let seq = 0; !stop.signal.aborted; ) {
    const sent = monotonicMs();
    const outcome = await client.set(keyOf({ writer, seq }), String(seq));
    const { port } = client.endpoint;
    if (outcome.kind === 'acked') {
      const node = nodes.find((one) => one.port === port)?.name ?? '';
      log.add({ writer, seq, sent, answered: monotonicMs(), node });
    }
    // One that may yet be done is never written again: its key would tell nothing.
    if (outcome.kind === 'acked' || outcome.kind === 'unknown') seq += 1;
    if (outcome.kind === 'acked') await delay(restMs);
  }
  client.close();
}

process.once('message', (order: WriterOrder) => {
  const writers = Array.from({ length: order.writers }, (_, writer) => write(writer, order));
  void Promise.all(writers).then(() => process.exit(0));
  process.once('message', () => stop.abort());
});
// Without its parent there is no one to write for.
process.on('disconnect', () => process.exit());
