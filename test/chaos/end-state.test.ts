import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BotRun } from '../demo/bot-record.ts';
import { astrayAtTheEnd, type EndView, type NodeEnd } from './end-state.ts';
import { keyOf, type WriteRecord } from './write-log.ts';

const now = 100_000;
const stopped = 90_000;

const primary: NodeEnd = {
  name: 'a',
  port: 7001,
  info: { role: 'master', master_replid: 'x' },
  hasLast: true,
  missing: new Set(),
};
const replica: NodeEnd = {
  name: 'b',
  port: 7002,
  info: { role: 'slave', master_link_status: 'up', master_port: '7001', master_replid: 'x' },
  hasLast: true,
  missing: new Set(),
};
const run: BotRun = { bot: 'bot', node: 'a', pid: 1, start: 0, ticks: [], acks: [now - 20], last: now };
const last: WriteRecord = { writer: 0, seq: 9, sent: stopped - 1, answered: stopped, node: 'a' };

const end = (change: Partial<EndView> = {}): EndView => ({
  nodes: [primary, replica],
  bots: ['bot'],
  botRuns: [run],
  acked: [{ ...last, seq: 8, answered: stopped - 30 }, last],
  now,
  stopped,
  ...change,
});

const withReplica = (change: Partial<NodeEnd>): EndView =>
  end({ nodes: [primary, { ...replica, ...change }] });

test('one primary, all others in sync with it, bots and writers at it: nothing is astray', () => {
  assert.deepEqual(astrayAtTheEnd(end()), []);
});

const cases: readonly (readonly [what: string, view: EndView, told: RegExp])[] = [
  ['two that lead', withReplica({ info: { role: 'master' } }), /^a and b lead/],
  ['nobody that leads', end({ nodes: [replica] }), /^nobody lead/],
  ['a replica that does not answer', withReplica({ info: {} }), /^b does not follow a .*silent/],
  [
    'a link that is down',
    withReplica({ info: { ...replica.info, master_link_status: 'down' } }),
    /^b does not follow a .*link down/,
  ],
  [
    'a replica of somebody else',
    withReplica({ info: { ...replica.info, master_port: '7003' } }),
    /^b does not follow a .*port 7003/,
  ],
  [
    'another history',
    withReplica({ info: { ...replica.info, master_replid: 'y' } }),
    /^b has another history than a/,
  ],
  [
    'a replica that the last write does not come to',
    withReplica({ hasLast: false }),
    /^b does not get what a/,
  ],
  [
    'a replica that lacks a write',
    withReplica({ missing: new Set([keyOf(last)]) }),
    /^b and a differ in 1 acknowledged writes/,
  ],
  ['a bot that does not run', end({ botRuns: [] }), /^bot runs on no node at the end, and a leads/],
  ['a bot beside the primary', end({ botRuns: [{ ...run, node: 'b' }] }), /^bot runs on b at the end/],
  ['a bot that runs twice', end({ botRuns: [run, { ...run, pid: 2 }] }), /^bot runs on a and a at the end/],
  [
    'a bot that writes nothing',
    end({ botRuns: [{ ...run, acks: [now - 9_000] }] }),
    /^bot writes nothing at the end/,
  ],
  [
    'a writer that nobody answered',
    end({ acked: [{ ...last, answered: stopped - 9_000 }] }),
    /^the last write of writer 0 had been answered by nobody/,
  ],
  [
    'a writer that another one answered',
    end({ acked: [{ ...last, node: 'b' }] }),
    /^the last write of writer 0 was answered by b/,
  ],
  [
    'a last write that is gone',
    end({
      nodes: [primary, replica].map((node) => ({ ...node, missing: new Set([keyOf(last)]) })),
    }),
    /^the last write of writer 0 is not there: chaos:0:9/,
  ],
];

for (const [what, view, told] of cases)
  test(`${what} is found`, () => {
    const found = astrayAtTheEnd(view);
    assert.equal(found.length, 1, found.join('; '));
    assert.match(found.join(), told);
  });
