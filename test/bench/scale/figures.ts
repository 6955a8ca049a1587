import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { ApiServer } from '../../kubernetes/api-server.ts';

/** One figure of a text in Prometheus's format: its name, its labels, its value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples whose name is among these. */
export function samplesOf(text: string, names: readonly string[]): Sample[] {
  return text.split('\n').flatMap((line) => {
    const read = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (read === null || !names.includes(read[1] ?? '')) return [];
    const labels = [...(read[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
    return [{ name: read[1] ?? '', labels: Object.fromEntries(labels), value: Number(read[3]) }];
  });
}

/** The controller's own figures. */
export function controllerFigures(http: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = requestHttp(`http://${http}/metrics`, { agent: false }, (response) =>
      textOf(response).then(resolve, reject),
    );
    asked.on('error', reject);
    asked.end();
  });
}

/** The API server's, as admin. */
export function serverFigures(server: ApiServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${server.token('admin')}` };
    const place = { host: '127.0.0.1', port: server.port, path: '/metrics', ca: server.authority };
    const asked = requestHttps({ ...place, headers, agent: false }, (response) =>
      textOf(response).then(resolve, reject),
    );
    asked.on('error', reject);
    asked.end();
  });
}

async function textOf(response: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}
