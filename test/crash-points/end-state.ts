import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LocalHost } from '../../controller/local-host/local-host.ts';
import type { Status } from '../../crd/status.ts';
import { info } from '../redis/info.ts';
import { type CrashStage, type NodeName, nodeNames, redisUnit, units } from './crash-stage.ts';
import { keptCopies } from './kept-copies.ts';

/** How things stand at the end, without what differs from run to run: times, ports, epochs, exact byte counts. */
export interface EndState {
  readonly nodes: Readonly<Record<NodeName, NodeEnd>>;
  readonly status: unknown;
}

interface NodeEnd {
  readonly redis: unknown;
  readonly units: Readonly<Record<string, string>>;
  readonly copies: number;
}

export async function endStateOf(stage: CrashStage): Promise<EndState> {
  const [a, b] = await Promise.all(nodeNames.map((node) => nodeEnd(stage, node)));
  if (a === undefined || b === undefined) throw new Error('two nodes are expected');
  return { nodes: { a, b }, status: statusEnd(await readStatus(stage)) };
}

export async function readStatus({ folder }: CrashStage): Promise<Status> {
  const text = await readFile(join(folder, 'group.status.json'), 'utf8').catch(() => '{"status":{}}');
  return (JSON.parse(text) as { status: Status }).status;
}

async function nodeEnd(stage: CrashStage, node: NodeName): Promise<NodeEnd> {
  const host = new LocalHost({ directory: stage.directory(node), units, redisUnit });
  const view = await host.observe();
  host.close();
  if (view.state !== 'answers') throw new Error(`the host of ${node}: ${view.state}`);
  const seen = [...view.units, ...(view.redisUnit === undefined ? [] : [view.redisUnit])];
  const runs = view.redisUnit?.state === 'running';
  return {
    redis: runs ? await redisEnd(stage, node) : 'down',
    units: Object.fromEntries(seen.map(({ name, state }) => [name, state])),
    copies: await keptCopies(stage, node),
  };
}

const settings = [
  'requirepass',
  'masterauth',
  'min-replicas-to-write',
  'min-replicas-max-lag',
  'repl-ping-replica-period',
  'repl-diskless-sync-delay',
];

async function redisEnd(stage: CrashStage, node: NodeName): Promise<unknown> {
  return stage.admin(node, async (admin) => {
    const seen = await info(admin, 'replication');
    const keys = (await admin.keys('*')).sort();
    const config = (await admin.config('GET', ...settings)) as string[];
    return {
      role: seen.role === 'master' ? 'primary' : 'replica',
      follows: stage.nodeAt(Number(seen.master_port)) ?? null,
      link: seen.master_link_status ?? null,
      replicas: seen.connected_slaves,
      data: Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await admin.get(key)]))),
      config: pairs(config, stage),
      file: await keptRole(stage, node),
      passwords: await passwordsOf(admin),
      writes: seen.role === 'master' ? await writesAt(admin) : null,
    };
  });
}

/** How many passwords the default user takes. */
async function passwordsOf(admin: { acl(...words: ['GETUSER', string]): Promise<unknown> }): Promise<number> {
  const fields = (await admin.acl('GETUSER', 'default')) as unknown[];
  return (fields[fields.indexOf('passwords') + 1] as unknown[]).length;
}

const writeTimeoutMs = 2_000;

/** Whether it takes a write: nobody shall find it paused, or refusing, for good. */
async function writesAt(admin: { set(key: string, value: string): Promise<unknown> }): Promise<string> {
  const paused = new AbortController();
  const late = delay(writeTimeoutMs, 'paused', { signal: paused.signal }).catch(() => 'paused');
  const taken = admin.set('last', 'of all').then(
    () => 'taken',
    (cause: unknown) => `refused: ${String(cause)}`,
  );
  const outcome = await Promise.race([taken, late]);
  paused.abort();
  return outcome;
}

/** Passwords are told by whether they are the present one. */
function pairs(config: readonly string[], stage: CrashStage): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at < config.length; at += 2) {
    const value = config[at + 1] ?? '';
    found[config[at] ?? ''] = value === stage.password ? 'present' : value.length === 32 ? 'former' : value;
  }
  return found;
}

/** What the server would come back as. */
async function keptRole(stage: CrashStage, node: NodeName): Promise<unknown> {
  const file = await readFile(stage.redisConfig(node), 'utf8');
  const of = /^replicaof \S+ (\d+)$/m.exec(file)?.[1];
  const password = /^requirepass "?(\w+)"?$/m.exec(file)?.[1] === stage.password;
  return {
    follows: of === undefined ? null : stage.nodeAt(Number(of)),
    password: password ? 'present' : 'former',
  };
}

function statusEnd(status: Status): unknown {
  return {
    currentPrimary: status.currentPrimary,
    handledPrimary: status.handledPrimary,
    transition: status.transition?.kind ?? null,
    failedAttempt: status.failedAttempt?.reason ?? null,
    demoting: status.demoting ?? [],
    stoppedRedis: status.stoppedRedis ?? [],
    passwordRotation: status.passwordRotation !== undefined,
    preserved: (status.preserved ?? []).map(({ node }) => node),
    fences: (status.fences ?? []).map(({ node, proof }) => `${node} ${proof}`).sort(),
    conditions: (status.conditions ?? []).map(({ type, status: is, reason }) => `${type} ${is} ${reason}`),
    nodes: (status.nodes ?? []).map(({ name, role, reachable, inSync, linkStatus, reason, units: own }) => ({
      name,
      role,
      reachable,
      inSync,
      linkStatus,
      reason,
      units: own,
    })),
    history: (status.history ?? []).map(({ kind, from, to, cause }) => `${kind} ${from} ${to} ${cause}`),
  };
}
