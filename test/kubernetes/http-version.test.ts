import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeAccess } from '../../controller/kubernetes/kube-access.ts';
import { makeAuthority } from './own-authority.ts';

const folder = mkdtempSync(join(tmpdir(), 'understudy-http-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('the API server is spoken to in HTTP/1.1, also where it offers HTTP/2', async () => {
  makeAuthority(folder);
  const file = (name: string): Buffer => readFileSync(join(folder, name));
  const versions: string[] = [];
  const certificate = { cert: file('apiserver.crt'), key: file('apiserver.key') };
  const server = createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => {
    versions.push(request.httpVersion);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  const sockets: TLSSocket[] = [];
  server.on('secureConnection', (socket) => sockets.push(socket));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config = new KubeConfig();
  const caData = file('ca.crt').toString('base64');
  config.loadFromClusterAndUser(
    { name: 'test', server: `https://127.0.0.1:${port}`, caData, skipTLSVerify: false },
    { name: 'test', token: 'none' },
  );
  await new KubeAccess(config).call({ method: 'GET', path: '/api/v1/namespaces' });
  assert.deepEqual(versions, ['1.1']);
  for (const socket of sockets) socket.destroy();
  server.close();
});
