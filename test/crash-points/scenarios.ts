import { randomBytes } from 'node:crypto';
import { failbackAnnotation } from '../../crd/annotations.ts';
import type { Status } from '../../crd/status.ts';
import { type CrashStage, type NodeName, nodeNames, units } from './crash-stage.ts';
import { readStatus } from './end-state.ts';
import { settle } from './own-controller.ts';

/** One thing that a controller does from beginning to end. */
export interface Scenario {
  readonly name: string;
  /** Up to where the controller under test begins. */
  readonly prepare: (stage: CrashStage) => Promise<void>;
  /** Where it is at rest before anything happens; absent: what there is to do is there when it begins. */
  readonly before?: (status: Status) => boolean;
  readonly trigger: (stage: CrashStage) => Promise<void>;
  /** Resolves when it shows at the servers that it is done; absent: the goal alone shows it. */
  readonly arrived?: (stage: CrashStage) => Promise<void>;
  /** Where it comes to rest. */
  readonly goal: (status: Status) => boolean;
}

const isReady = (status: Status): boolean =>
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true &&
  status.transition === undefined &&
  status.passwordRotation === undefined;

const leads =
  (node: NodeName) =>
  (status: Status): boolean =>
    status.currentPrimary === node && status.transition === undefined;

const readyOn =
  (node: NodeName) =>
  (status: Status): boolean =>
    leads(node)(status) && isReady(status);

const unitsRunOn =
  (node: NodeName) =>
  (status: Status): boolean =>
    status.nodes?.find(({ name }) => name === node)?.units?.every(({ state }) => state === 'running') ===
    true;

const settled = (stage: CrashStage): Promise<void> => settle(stage.folder, readyOn('a'));

/** The last writes of a are nowhere else when it dies: its replica is stalled and cut off. */
async function crash(stage: CrashStage, write: boolean): Promise<void> {
  const [pid, bystander] = [await stage.pidOf('a'), await stage.pidOf('b')];
  if (!write) {
    process.kill(pid, 'SIGKILL');
    return;
  }
  await stage.admin('a', async (admin) => {
    await admin.config('SET', 'min-replicas-to-write', '0');
    process.kill(bystander, 'SIGSTOP');
    try {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'replica');
      for (let n = 0; n < 20; n += 1) await admin.set(`only on a ${n}`, 'x');
      process.kill(pid, 'SIGKILL');
    } finally {
      process.kill(bystander, 'SIGCONT');
    }
  });
}

const failedOver = (status: Status): boolean => leads('b')(status) && unitsRunOn('b')(status);

/** a has died with writes of its own, b leads. */
async function afterFailover(stage: CrashStage): Promise<void> {
  await settled(stage);
  await crash(stage, true);
  await settle(stage.folder, failedOver);
}

/** Nothing happens. */
export const steady = { prepare: settled, goal: readyOn('a') };

export const scenarios: readonly Scenario[] = [
  {
    name: 'switchover',
    prepare: settled,
    before: readyOn('a'),
    trigger: (stage) => stage.ask({ primary: 'b' }),
    goal: readyOn('b'),
  },
  {
    name: 'failover',
    prepare: settled,
    before: readyOn('a'),
    trigger: (stage) => crash(stage, false),
    goal: failedOver,
  },
  {
    // Its Redis is stopped to prove it off, and started again once another one leads.
    name: 'failover from a hung primary',
    prepare: async (stage) => {
      await stage.ask({ unreachableAfterSeconds: 2 });
      await settled(stage);
    },
    before: readyOn('a'),
    trigger: async (stage) => process.kill(await stage.pidOf('a'), 'SIGSTOP') && undefined,
    goal: readyOn('b'),
  },
  {
    // Neither its Redis nor its host answers, and its units run on: another machine switches it off first.
    name: 'failover from a silent machine',
    prepare: async (stage) => {
      await stage.giveFences();
      await stage.ask({ unreachableAfterSeconds: 2 });
      await settled(stage);
    },
    before: readyOn('a'),
    trigger: (stage) => stage.loseMachine('a'),
    goal: failedOver,
  },
  {
    name: 'rejoin',
    prepare: afterFailover,
    before: failedOver,
    trigger: (stage) => stage.startRedis('a'),
    goal: readyOn('b'),
  },
  {
    name: 'failback',
    prepare: async (stage) => {
      await afterFailover(stage);
      await stage.startRedis('a');
      await settle(stage.folder, readyOn('b'));
    },
    before: readyOn('b'),
    trigger: async (stage) => {
      const { epoch = 0 } = await readStatus(stage);
      await stage.ask({ annotations: { [failbackAnnotation]: String(epoch) } });
    },
    goal: readyOn('a'),
  },
  {
    name: 'rotation',
    // Who comes after the one that saw the change knows the password before from here alone (docs/redis-acl.md).
    prepare: async (stage) => {
      await stage.keepPassword(stage.password, 'former-password');
      await stage.ask({ formerPassword: true });
      await settled(stage);
    },
    before: readyOn('a'),
    trigger: async (stage) => {
      stage.password = randomBytes(16).toString('hex');
      await stage.keepPassword(stage.password);
    },
    // Tries again until it is let in.
    arrived: async (stage) => {
      for (const node of nodeNames) await stage.admin(node, (admin) => admin.ping());
    },
    goal: readyOn('a'),
  },
  {
    name: 'adoption',
    // One unit runs already, as an operator had it: it is to be left alone.
    prepare: (stage) => stage.startBot('a', units[0]),
    trigger: async () => undefined,
    goal: readyOn('a'),
  },
];
