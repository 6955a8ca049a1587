import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { swapByHand } from '../world/events.ts';
import { SimGroup, units } from '../world/sim-group.ts';
import { endProcess, startProcess } from '../world/sim-redis.ts';
import { Transcript } from './transcript.ts';

interface Scene {
  readonly group: SimGroup;
  readonly transcript: Transcript;
}

/** The scenarios whose every step is written down beside this file; UPDATE_TRANSCRIPTS=1 writes them anew. */
const scenarios: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  'two-fresh-servers': async ({ transcript }) => transcript.run(5_000),

  switchover: async ({ group, transcript }) => {
    await converged(group);
    transcript.when('spec.primary: ct101', () => group.edit({ primary: 'ct101' }));
    await transcript.run(3_000);
  },

  'switchover-interrupted': async ({ group, transcript }) => {
    await converged(group);
    transcript.when('spec.primary: ct101, and the controller dies between the two REPLICAOFs', () => {
      group.edit({ primary: 'ct101' });
      group.meddling.killAfter = 4;
    });
    await transcript.run(3_000);
  },

  'switchover-put-back': async ({ group, transcript }) => {
    await converged(group);
    transcript.when('spec.primary: ct101, and a unit on ct100 does not stop', () => {
      group.edit({ primary: 'ct101' });
      for (const unit of group.world.host('ct100').units.values()) unit.stubborn = true;
    });
    await transcript.run(2_000);
    transcript.when('the unit stops again when asked', () => {
      for (const unit of group.world.host('ct100').units.values()) unit.stubborn = false;
    });
    await transcript.run(8_000);
  },

  'switchover-given-back': async ({ group, transcript }) => {
    await converged(group);
    transcript.when('spec.primary: ct101, where the units cannot be started', () => {
      group.world.refuseStarts.add('ct101');
      group.edit({ primary: 'ct101' });
    });
    await transcript.run(4_000);
    assert.equal(group.status.currentPrimary, 'ct100');
    assert.match(group.status.failedAttempt?.message ?? '', /no such program/);
    transcript.when('they can be started there again', () => group.world.refuseStarts.clear());
    await transcript.run(6_000);
    assert.equal(group.status.currentPrimary, 'ct101');
    assert.equal(group.status.failedAttempt, undefined);
  },

  'crash-rejoin-failback': async ({ group, transcript }) => {
    await converged(group);
    transcript.when("ct100's Redis is killed", () =>
      endProcess(group.world.get('ct100'), 'crashed', group.world.now),
    );
    await transcript.run(2_000);
    transcript.when("ct100's Redis is started, as the primary that its config file says", () =>
      startProcess(group.world.get('ct100'), group.world.now),
    );
    await transcript.run(5_000);
    transcript.when('understudy failback', () => {
      group.annotations = { 'understudy.dev/failback': String(group.status.epoch) };
    });
    await transcript.run(3_000);
  },

  'clean-stop': async ({ group, transcript }) => {
    await converged(group);
    transcript.when("ct100's Redis is stopped cleanly", () =>
      endProcess(group.world.get('ct100'), 'stopped', group.world.now),
    );
    await transcript.run(1_500);
    transcript.when('and started again within the grace', () =>
      startProcess(group.world.get('ct100'), group.world.now),
    );
    await transcript.run(4_000);
    transcript.when('and stopped for good', () =>
      endProcess(group.world.get('ct100'), 'stopped', group.world.now),
    );
    await transcript.run(6_000);
  },

  'restarted-with-old-snapshot': async ({ group, transcript }) => {
    await converged(group);
    transcript.when('three writes, replicated, and not in any snapshot', () => {
      for (let write = 0; write < 3; write += 1) group.world.write();
      group.world.advance(1);
    });
    transcript.when("ct100's Redis is killed and is back before anybody looks (RUNBOOK R12)", () => {
      endProcess(group.world.get('ct100'), 'crashed', group.world.now);
      startProcess(group.world.get('ct100'), group.world.now);
    });
    await transcript.run(5_000);
  },

  'power-loss': async ({ group, transcript }) => {
    await converged(group);
    transcript.when("ct100's host loses power", () => group.world.power('ct100', false));
    await transcript.run(8_000);
    transcript.when('an operator makes sure and says so', () => {
      group.annotations = { 'understudy.dev/confirm-fenced': `ct100@${group.status.epoch}` };
    });
    await transcript.run(2_000);
    transcript.when('the host comes back', () => group.world.power('ct100', true));
    await transcript.run(6_000);
  },

  'hung-redis': async ({ group, transcript }) => {
    await converged(group);
    transcript.when("ct100's Redis hangs", () => {
      group.world.get('ct100').process = 'hung';
    });
    await transcript.run(8_000);
  },

  'cut-off-from-the-primary-alone': async ({ group, transcript }) => {
    await converged(group);
    transcript.when('the controller loses ct100, its Redis and its host', () => {
      group.world.cut('@', 'ct100', true);
      group.world.cut('@host', 'ct100', true);
    });
    await transcript.run(20_000);
    transcript.when('and finds it again', () => {
      group.world.cut('@', 'ct100', false);
      group.world.cut('@host', 'ct100', false);
    });
    await transcript.run(2_000);
  },

  'two-primaries': async ({ group, transcript }) => {
    await converged(group);
    transcript.when('somebody runs REPLICAOF NO ONE on ct101, and clients write to both', () => {
      group.world.promote(group.world.get('ct101'));
      for (let write = 0; write < 3; write += 1) group.world.write();
    });
    await transcript.run(5_000);
  },

  'primary-taken-out-of-the-spec': async ({ transcript }) => {
    const group = new SimGroup(['ct100', 'ct101', 'ct102']);
    await converged(group);
    const own = new Transcript(group);
    own.when('spec.nodes loses ct100, the primary, which lives on', () =>
      group.edit({ primary: 'ct101', nodes: group.spec.nodes.filter((node) => node.name !== 'ct100') }),
    );
    await own.run(10_000);
    assert.equal(group.condition('Ready')?.reason, 'FollowsStranger');
    assert.deepEqual(group.meddling.effects, []);
    transcript.take(own);
  },

  'swapped-by-hand-out-of-sight': async ({ group, transcript }) => {
    await converged(group);
    transcript.when('an operator swaps the roles by hand, and the controller cannot see ct101', () => {
      swapByHand(group.world, 'ct101');
      group.world.cut('@', 'ct101', true);
      group.world.advance(1);
    });
    await transcript.run(20_000);
    assert.equal(group.world.get('ct100').role, 'replica');
    transcript.when('it sees it again', () => group.world.cut('@', 'ct101', false));
    await transcript.run(3_000);
  },

  'promoted-by-hand-while-the-primary-is-dead': async ({ group, transcript }) => {
    await converged(group);
    group.edit({ failover: { ...group.spec.failover, mode: 'Manual' } });
    transcript.when("ct100's Redis is killed; failover.mode is Manual", () =>
      endProcess(group.world.get('ct100'), 'crashed', group.world.now),
    );
    await transcript.run(3_000);
    transcript.when('an operator runs REPLICAOF NO ONE on ct101, and clients write there', () => {
      group.world.promote(group.world.get('ct101'));
      for (let write = 0; write < 3; write += 1) group.world.write();
    });
    await transcript.run(2_000);
    transcript.when('ct100 comes back without its data', () =>
      startProcess(group.world.get('ct100'), group.world.now),
    );
    await transcript.run(5_000);
    assert.equal(group.world.get('ct100').data.log.length, 3);
  },

  'came-back-empty-after-a-promotion-by-hand': async ({ group, transcript }) => {
    await converged(group);
    transcript.when(
      'while nobody looks: ct100 dies, ct101 is promoted by hand and written to, ct100 is back without data',
      () => {
        endProcess(group.world.get('ct100'), 'crashed', group.world.now);
        group.world.promote(group.world.get('ct101'));
        for (let write = 0; write < 3; write += 1) group.world.write();
        startProcess(group.world.get('ct100'), group.world.now);
      },
    );
    await transcript.run(5_000);
    assert.equal(group.world.get('ct101').data.log.length, 3);
    assert.equal(group.world.get('ct100').data.log.length, 3);
  },

  'a-copy-that-is-too-old': async ({ group, transcript }) => {
    await converged(group);
    transcript.when('somebody runs REPLICAOF NO ONE on ct101, and clients write there', () => {
      group.world.promote(group.world.get('ct101'));
      group.world.write();
    });
    await transcript.run(1);
    transcript.when(
      'its data was copied; before it is demoted the pause runs out and clients write again',
      () => {
        group.world.get('ct101').pausedUntil = 0;
        for (let write = 0; write < 3; write += 1) group.world.write();
      },
    );
    await transcript.run(4_000);
    const kept = new Set([...group.world.get('ct100').data.log, ...group.preserved.flat()]);
    assert.deepEqual(
      [...group.world.acknowledged].filter((write) => !kept.has(write)),
      [],
    );
  },

  'a-unit-that-cannot-start': async ({ group, transcript }) => {
    await converged(group);
    group.world.refuseStarts.add('ct101');
    transcript.when("ct100's Redis is killed, and ct101 cannot start a unit", () =>
      endProcess(group.world.get('ct100'), 'crashed', group.world.now),
    );
    await transcript.run(2_000);
    transcript.when("ct100's Redis is started", () =>
      startProcess(group.world.get('ct100'), group.world.now),
    );
    await transcript.run(6_000);
    assert.equal(group.world.get('ct100').role, 'replica');
    assert.equal(group.status.transition, undefined);
    assert.match(group.condition('UnitsPlaced')?.message ?? '', /no such program/);
  },

  'promoted-by-hand-with-a-silent-host': async ({ group, transcript }) => {
    await converged(group);
    transcript.when(
      "ct100's host is silent, its units run on, and an operator swaps the roles by hand",
      () => {
        group.world.cut('@host', 'ct100', true);
        swapByHand(group.world, 'ct101');
        group.world.advance(1);
      },
    );
    await transcript.run(20_000);
    assert.equal(group.condition('UnitsPlaced')?.reason, 'UnitsNotProvedStopped');
    transcript.when('the host answers again', () => group.world.cut('@host', 'ct100', false));
    await transcript.run(3_000);
  },

  'promoted-by-hand': async ({ group, transcript }) => {
    await converged(group);
    transcript.when('an operator swaps the roles by hand', () => {
      swapByHand(group.world, 'ct101');
      group.world.advance(1);
    });
    await transcript.run(4_000);
  },
};

/** Machines of their own, with the dead-man lease: nobody confirms anything, and nothing else can fence. */
const underLease: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  'power-loss-under-lease': async ({ group, transcript }) => {
    await converged(group);
    transcript.when("ct100's machine loses power", () => group.world.power('ct100', false));
    await transcript.run(25_000);
    assert.equal(group.condition('UnitsPlaced')?.status, 'True');
    transcript.when('the machine comes back', () => group.world.power('ct100', true));
    await transcript.run(6_000);
  },

  'fence-out-of-reach-under-lease': async ({ group, transcript }) => {
    const ssh = { host: 'hypervisor', port: 22, user: 'root' };
    const fence = { ssh, command: ['pct', 'stop'], confirm: { command: ['pct', 'status'], stdout: 'off' } };
    group.edit({ nodes: group.spec.nodes.map((node) => ({ ...node, fence })) });
    await converged(group);
    transcript.when("ct100's machine loses power, and the one that could confirm it is away too", () =>
      group.world.power('ct100', false),
    );
    await transcript.run(25_000);
    assert.equal(group.condition('UnitsPlaced')?.status, 'True');
    assert.equal(group.status.fences?.[0]?.proof, 'LeaseExpired');
  },

  'cable-pulled-under-lease': async ({ group, transcript }) => {
    await converged(group);
    const cable = (severed: boolean): void => {
      for (const other of ['@', '@host', 'ct101']) group.world.cut(other, 'ct100', severed);
    };
    transcript.when("ct100's cable is pulled; its bots write on", () => {
      cable(true);
      group.world.write();
    });
    await transcript.run(25_000);
    assert.equal(group.world.host('ct100').units.get(units[0] ?? '')?.state, 'stopped');
    transcript.when('the cable is back', () => cable(false));
    await transcript.run(6_000);
    assert.ok((group.status.lastTransition?.lostBytes ?? 0) > 0);
    assert.equal(group.status.lastTransition?.lostBytesExact, true);
  },
};

async function converged(group: SimGroup): Promise<void> {
  assert.ok(await group.settle());
  group.meddling.effects.length = 0;
}

for (const [leaseSeconds, plays] of [
  [0, scenarios],
  [15, underLease],
] as const)
  for (const [name, play] of Object.entries(plays))
    test(`the transcript of ${name} is as written`, async () => {
      const group = new SimGroup(['ct100', 'ct101'], leaseSeconds);
      const transcript = new Transcript(group);
      await play({ group, transcript });
      assert.deepEqual(group.world.violations, []);
      const file = join(import.meta.dirname, `${name}.txt`);
      if (process.env.UPDATE_TRANSCRIPTS === '1') writeFileSync(file, transcript.text);
      assert.equal(transcript.text, readFileSync(file, 'utf8'));
    });
