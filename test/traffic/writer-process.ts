import type { TrafficReply, TrafficRequest } from './traffic-protocol.ts';
import { WriterPool } from './writer-pool.ts';

/** The process that writes and does nothing else, so that what is measured does not disturb the measuring. */
function serve(): void {
  let pool: WriterPool | undefined;
  const reply = (message: TrafficReply) => void process.send?.(message);

  const answer = async (request: TrafficRequest): Promise<void> => {
    if (request.kind === 'start') {
      pool = new WriterPool(request.settings);
      return;
    }
    if (pool === undefined) throw new Error(`${request.kind} before start`);
    const { id } = request;
    if (request.kind === 'whenAcked') pool.whenAcked(request.total, () => reply({ kind: 'acked', id }));
    if (request.kind === 'report') reply({ kind: 'report', id, report: pool.report(request.window) });
    if (request.kind === 'stop') {
      await pool.stop();
      reply({ kind: 'stopped', id });
    }
  };

  process.on('message', (request: TrafficRequest) => void answer(request));
  // Without its parent there is no one to measure for.
  process.on('disconnect', () => process.exit());
}

serve();
