import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveHttp } from '../../controller/telemetry/http-endpoint.ts';
import { UnderstudyError } from '../../controller/understudy-error.ts';

const metrics = async () => ({ type: 'text/plain; version=0.0.4', text: 'figure 1\n' });

test('health, readiness with its reason, and figures are answered, and nothing else', async (context) => {
  let why: string | undefined = 'not listed yet';
  const http = await serveHttp('127.0.0.1:0', { whyNotReady: () => why, metrics });
  context.after(() => http.close());
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${http.port}${path}`);
    return [response.status, await response.text()];
  };
  assert.deepEqual(await get('/healthz'), [200, 'ok\n']);
  assert.deepEqual(await get('/readyz'), [503, 'not listed yet\n']);
  why = undefined;
  assert.deepEqual(await get('/readyz?verbose'), [200, 'ok\n']);
  assert.deepEqual(await get('/metrics'), [200, 'figure 1\n']);
  assert.equal((await get('/secrets'))[0], 404);
});

test('a place where nobody can listen is told with what to do', async (context) => {
  const first = await serveHttp('127.0.0.1:0', { whyNotReady: () => undefined, metrics });
  context.after(() => first.close());
  await assert.rejects(
    serveHttp(`127.0.0.1:${first.port}`, { whyNotReady: () => undefined, metrics }),
    (error) => error instanceof UnderstudyError && /EADDRINUSE/.test(error.message),
  );
});
