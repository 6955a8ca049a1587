import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UnderstudyError } from '../understudy-error.ts';

/** What a cluster asks a controller. */
export interface Answers {
  /** Why it is of no use yet, or nothing. */
  readonly whyNotReady: () => string | undefined;
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
}

/** `/healthz`, `/readyz` and `/metrics` on `host:port`. Resolves once it listens; throws UnderstudyError. */
export async function serveHttp(
  place: string,
  answers: Answers,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const at = place.lastIndexOf(':');
  const [host, port] = [place.slice(0, at).replace(/^\[|\]$/g, ''), Number(place.slice(at + 1))];
  const server = createServer((request, response) => {
    answer(request.url ?? '', answers).then(
      ({ status, type, text }) => response.writeHead(status, { 'content-type': type }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await listening(server, { host, port }, place);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  url: string,
  { whyNotReady, metrics }: Answers,
): Promise<{ status: number; type: string; text: string }> {
  const plain = (status: number, text: string) => ({
    status,
    type: 'text/plain; charset=utf-8',
    text: `${text}\n`,
  });
  switch (url.split('?')[0]) {
    case '/healthz':
      return plain(200, 'ok');
    case '/readyz': {
      const why = whyNotReady();
      return why === undefined ? plain(200, 'ok') : plain(503, why);
    }
    case '/metrics':
      return { status: 200, ...(await metrics()) };
    default:
      return plain(404, 'not found: there are /healthz, /readyz and /metrics');
  }
}

function listening(server: Server, at: { host: string; port: number }, place: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `--http ${place}: cannot listen there (${cause.code ?? 'unknown error'}): give another place.`;
      reject(new UnderstudyError('BadUsage', message, { cause }));
    });
    server.listen(at, () => resolve());
  });
}
