import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseSharedHosts } from '../../controller/shared-hosts.ts';
import type { FailoverGroup } from '../../crd/failover-group.ts';

const group = (name: string, ...hosts: string[]): FailoverGroup =>
  ({
    metadata: { name },
    spec: { nodes: hosts.map((host) => ({ name: host, ssh: { host, port: 22, user: 'root' } })) },
  }) as unknown as FailoverGroup;

const held = (key: string, other: FailoverGroup) => new Map([[key, { group: other }]]);

test('two groups of one name on one host: the later one is refused, and told of the earlier', () => {
  const earlier = held('prod/bots', group('bots', 'h1', 'h2'));
  assert.throws(
    () => refuseSharedHosts('test/bots', group('bots', 'h2', 'h3'), earlier),
    /prod\/bots .*h2:22/,
  );
});

test('another name, other hosts, and the group itself are no others', () => {
  const earlier = held('prod/bots', group('bots', 'h1', 'h2'));
  refuseSharedHosts('test/other', group('other', 'h1'), earlier);
  refuseSharedHosts('test/bots', group('bots', 'h3'), earlier);
  refuseSharedHosts('prod/bots', group('bots', 'h1'), earlier);
});
