import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeObservation } from '../../reconcilers/observation.ts';
import { reconcile } from '../../reconcilers/reconcile.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { SimGroup } from '../world/sim-group.ts';

/** A converged group of two machines with leases, as the last pass saw it. */
async function converged(): Promise<Situation> {
  const group = new SimGroup(['ct100', 'ct101'], 15);
  assert.ok(await group.settle());
  await group.pass();
  const decided = group.events.find((event) => event.kind === 'decided');
  assert.ok(decided?.kind === 'decided');
  return decided.situation;
}

type Change = (node: NodeObservation) => NodeObservation;

function altered(situation: Situation, name: string, change: Change): Situation {
  const nodes = situation.observation.nodes.map((node) => (node.name === name ? change(node) : node));
  return { ...situation, observation: { ...situation.observation, nodes } };
}

const redis =
  (facts: object): Change =>
  (node) => ({ ...node, redis: { ...node.redis, ...facts } });
const host =
  (facts: object): Change =>
  (node) => ({ ...node, host: { ...node.host, ...facts } });
const unit =
  (facts: object): Change =>
  (node) =>
    node.host.state === 'answers'
      ? { ...node, host: { ...node.host, units: node.host.units.map((one) => ({ ...one, ...facts })) } }
      : node;
const redisUnit =
  (facts: object): Change =>
  (node) =>
    node.host.state === 'answers' && node.host.redisUnit !== undefined
      ? { ...node, host: { ...node.host, redisUnit: { ...node.host.redisUnit, ...facts } } }
      : node;

function readiness(situation: Situation): { status: string; reason: string; message: string } {
  const found = reconcile(situation).status.conditions?.find(({ type }) => type === 'FailoverReady');
  assert.ok(found);
  return found;
}

const unauthorised: NodeObservation = {
  name: 'ct101',
  redis: { state: 'unauthorised', detail: 'it refuses the password' },
  host: { state: 'silent' },
};

const unknownKey = { state: 'unusable', detail: 'its host key is not known; add it: ssh-keyscan ct101' };

/** What is wrong, the reason that is told, and the words that tell how to mend it. */
const faults: readonly (readonly [string, string, Change, string, RegExp])[] = [
  ['the replica lost its link', 'ct101', redis({ link: 'down' }), 'CandidateLinkDown', /masterauth/],
  ['the replica hears nothing', 'ct101', redis({ lastIoSeconds: 20 }), 'ReplicaLagging', /not in sync/],
  ['the replica’s disk fails', 'ct101', redis({ diskFailing: true }), 'CandidateDiskFailing', /Free space/],
  ['a password is refused', 'ct101', () => unauthorised, 'CandidateUnreachable', /unauthorised/],
  ['the login of a node is wrong', 'ct100', redis({ replicationLogin: 'wrong' }), 'LoginWrong', /masterauth/],
  [
    'the login of its replica is wrong',
    'ct101',
    redis({ replicationLogin: 'wrong' }),
    'LoginWrong',
    /CONFIG SET/,
  ],
  ['a host key is not known', 'ct101', host(unknownKey), 'HostUnusable', /ssh-keyscan/],
  [
    'the primary’s host is silent',
    'ct100',
    host({ state: 'silent' }),
    'OldPrimaryHostSilent',
    /does not answer/,
  ],
  [
    'the watch is not there',
    'ct100',
    host({ lease: { state: 'absent' } }),
    'FencingMissing',
    /understudy-lease/,
  ],
  ['a unit is missing there', 'ct101', unit({ state: 'unknownUnit' }), 'CandidateUnitMissing', /Install it/],
  [
    'a unit is enabled at boot',
    'ct101',
    unit({ enabledAtBoot: true }),
    'UnitEnabledAtBoot',
    /systemctl disable/,
  ],
  [
    'Redis restarts itself',
    'ct100',
    redisUnit({ restartsItself: true }),
    'RedisRestartsItself',
    /Restart=no/,
  ],
  ['there is no room for a copy', 'ct100', host({ freeDiskBytes: 1 }), 'NoRoomForCopy', /Free space/],
];

test('a converged group is ready to fail over', async () => {
  assert.equal(readiness(await converged()).status, 'True');
});

for (const [what, node, change, reason, words] of faults)
  test(`when ${what}, a failover would not succeed, and it is told how to mend that`, async () => {
    const before = await converged();
    const found = readiness(altered(before, node, change));
    assert.equal(found.status, 'False');
    assert.equal(found.reason, reason);
    assert.match(found.message, words);
  });

test('without a fence and without a lease the group says beforehand that it would wait for a person', async () => {
  const before = await converged();
  const spec = { ...before.spec, failover: { ...before.spec.failover, leaseSeconds: 0 } };
  const nodes = before.status.nodes?.map(({ lease: _lease, ...node }) => node);
  const bare = { ...before, spec, status: { ...before.status, ...(nodes === undefined ? {} : { nodes }) } };
  const mute = altered(altered(bare, 'ct100', withoutLease), 'ct101', withoutLease);
  const found = readiness(mute);
  assert.equal(found.reason, 'FencingMissing');
  assert.match(found.message, /spec\.nodes\[\]\.fence/);
});

const withoutLease: Change = (node) => {
  if (node.host.state !== 'answers') return node;
  const { lease: _lease, ...rest } = node.host;
  return { ...node, host: rest };
};
