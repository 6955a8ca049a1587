import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostAddresses } from '../../controller/kubernetes/host-addresses.ts';

test('an address stands for itself and a name is asked for once', async () => {
  const asked: string[] = [];
  const hosts = new HostAddresses(async (host) => {
    asked.push(host);
    return ['10.0.0.1'];
  });
  assert.deepEqual(hosts.of('10.0.0.9'), ['10.0.0.9']);
  assert.deepEqual(hosts.of('fd00::1'), ['fd00::1']);
  assert.equal(hosts.of('ct100'), undefined);
  await Promise.all([hosts.learn(['ct100', '10.0.0.9']), hosts.learn(['ct100'])]);
  await hosts.learn(['ct100']);
  assert.deepEqual(asked, ['ct100']);
  assert.deepEqual(hosts.of('ct100'), ['10.0.0.1']);
});

test('a name that is not found for once keeps what it had, and says so', async () => {
  let answer: () => Promise<readonly string[]> = async () => ['10.0.0.1'];
  const hosts = new HostAddresses(() => answer());
  await hosts.learn(['ct100']);
  answer = () => Promise.reject(new Error('ENOTFOUND'));
  await hosts.refresh(new Set(['ct100']));
  assert.deepEqual([hosts.of('ct100'), hosts.hasFailed('ct100')], [['10.0.0.1'], true]);
  answer = async () => ['10.0.0.2'];
  await hosts.refresh(new Set(['ct100']));
  assert.deepEqual([hosts.of('ct100'), hosts.hasFailed('ct100')], [['10.0.0.2'], false]);
  await hosts.refresh(new Set());
  assert.equal(hosts.of('ct100'), undefined);
});

test('a name that was never found has no address', async () => {
  const hosts = new HostAddresses(() => Promise.reject(new Error('ENOTFOUND')));
  await hosts.learn(['ct100']);
  assert.deepEqual([hosts.of('ct100'), hosts.hasFailed('ct100')], [[], true]);
});
