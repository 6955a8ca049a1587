import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { stopUnit } from '../../controller/local-host/unit-control.ts';
import { UnitFolder } from '../../controller/local-host/unit-folder.ts';
import { readRecord } from '../../controller/local-host/unit-record.ts';
import { until } from '../redis/until.ts';
import { type CrashStage, type NodeName, redisUnit, units } from './crash-stage.ts';

/** Something that happens to a group at rest on a, and is as before when the next look comes. */
export interface UndoneChange {
  readonly name: string;
  readonly happen: (stage: CrashStage) => Promise<void>;
}

async function restart(stage: CrashStage, node: NodeName): Promise<void> {
  await stopUnit(stage.directory(node), redisUnit);
  await stage.startRedis(node);
  await stage.untilLinked('b');
}

async function replicaOf(stage: CrashStage, node: NodeName, of: NodeName | undefined): Promise<void> {
  const words: [string, string] = of === undefined ? ['NO', 'ONE'] : ['127.0.0.1', String(stage.ports[of])];
  await stage.admin(node, (admin) => admin.call('REPLICAOF', ...words));
}

/** Its supervisor runs it again at once (Restart=always). */
async function crashUnit(stage: CrashStage): Promise<void> {
  const { record } = new UnitFolder(stage.directory('a')).place(units[0]);
  const before = readRecord(record)?.main?.pid;
  if (before === undefined) throw new Error(`${units[0]} does not run on a`);
  const starts = async (): Promise<number> =>
    (await readFile(stage.records, 'utf8')).split('\n').filter((line) => line.startsWith(`start ${units[0]}`))
      .length;
  const known = await starts();
  process.kill(before, 'SIGKILL');
  await until(`${units[0]} to run again`, async () => (await starts()) > known);
  await until('its supervisor to say so', async () => readRecord(record)?.phase === 'running');
}

export const undoneChanges: readonly UndoneChange[] = [
  { name: 'the primary was restarted with its data', happen: (stage) => restart(stage, 'a') },
  { name: 'the replica was restarted with its data', happen: (stage) => restart(stage, 'b') },
  {
    name: 'the replication link was cut and healed',
    happen: async (stage) => {
      await stage.admin('a', (admin) => admin.call('CLIENT', 'KILL', 'TYPE', 'replica'));
      await stage.untilLinked('b');
    },
  },
  {
    name: 'the replica was promoted by hand and made to follow again',
    happen: async (stage) => {
      await replicaOf(stage, 'b', undefined);
      await replicaOf(stage, 'b', 'a');
      await stage.untilLinked('b');
    },
  },
  {
    name: 'the primary was made to follow its replica by hand and promoted again',
    happen: async (stage) => {
      await replicaOf(stage, 'a', 'b');
      await replicaOf(stage, 'a', undefined);
      await stage.untilLinked('b');
    },
  },
  { name: 'a unit crashed and was run again by its supervisor', happen: crashUnit },
  {
    name: 'spec.primary was edited and edited back',
    happen: async (stage) => {
      await stage.ask({ primary: 'b' });
      await stage.ask({ primary: 'a' });
    },
  },
  {
    name: 'the group was paused and resumed',
    happen: async (stage) => {
      await stage.ask({ paused: true });
      await stage.ask({ paused: false });
    },
  },
  {
    name: 'the password was changed in its file and changed back',
    happen: async (stage) => {
      await stage.keepPassword(randomBytes(16).toString('hex'));
      await stage.keepPassword(stage.password);
    },
  },
];
