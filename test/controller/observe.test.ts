import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupNode } from '../../controller/group-nodes.ts';
import { Observer } from '../../controller/observe.ts';
import type { RedisNodePort } from '../../controller/ports/redis-node.ts';
import type { RedisView } from '../../reconcilers/observation.ts';

/** A node whose answers come when the test gives them. */
function slowNode(name: string): { node: GroupNode; asked: () => number; answer: (view: RedisView) => void } {
  let asked = 0;
  let give: (view: RedisView) => void = () => undefined;
  const redis = {
    observe: () => {
      asked += 1;
      return new Promise<RedisView>((resolve) => {
        give = resolve;
      });
    },
  } as unknown as RedisNodePort;
  return {
    node: { name, endpoint: { host: name, port: 1 }, redis },
    asked: () => asked,
    answer: (view) => give(view),
  };
}

const atOnce = { now: () => 0, sleep: async () => undefined };

test('a witness that was silent last time is given a short grace, and the others are not kept waiting for it', async () => {
  const { node, answer } = slowNode('a');
  const observer = new Observer(atOnce);
  const first = observer.observe([node]);
  answer({ state: 'silent' });
  assert.equal((await first).nodes[0]?.redis.state, 'silent');
  const second = await observer.observe([node]);
  assert.equal(second.nodes[0]?.redis.state, 'silent', 'nothing came within the grace');
});

test('at most one question to a witness is under way, and its late answer serves the look that waits then', async () => {
  const { node, asked, answer } = slowNode('a');
  const patient = { now: () => 0, sleep: () => new Promise<void>(() => undefined) };
  const observer = new Observer(patient);
  const looks = [observer.observe([node]), observer.observe([node])];
  answer({ state: 'loading' });
  const seen = await Promise.all(looks);
  assert.equal(asked(), 1);
  assert.deepEqual(
    seen.map((look) => look.nodes[0]?.redis.state),
    ['loading', 'loading'],
  );
});

test('a node without a way to its machine has no host, and is not called silent for it', async () => {
  const { node, answer } = slowNode('a');
  const look = new Observer(atOnce).observe([node]);
  answer({ state: 'refused' });
  assert.deepEqual((await look).nodes[0]?.host, { state: 'none' });
});
