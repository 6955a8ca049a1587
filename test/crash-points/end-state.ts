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
  /** Whether what was lost in a change is known; not how much: a ping may have been on its way. */
  readonly losses: readonly string[];
  /** Whether each takes a write. */
  readonly writes: Readonly<Record<NodeName, string>>;
}

interface NodeEnd {
  readonly redis: unknown;
  readonly units: Readonly<Record<string, string>>;
  /** A copy that was made twice, since nobody saw the end of the first, is no harm. */
  readonly copies: string;
}

export async function endStateOf(stage: CrashStage): Promise<EndState> {
  const [a, b] = await Promise.all(nodeNames.map((node) => nodeEnd(stage, node)));
  if (a === undefined || b === undefined) throw new Error('two nodes are expected');
  const status = await readStatus(stage);
  // Last: it is replicated, too.
  const writes = { a: await writesAt(stage, 'a'), b: await writesAt(stage, 'b') };
  return { nodes: { a, b }, status: statusEnd(status), losses: lossesIn(status), writes };
}

export async function readStatus({ folder }: CrashStage): Promise<Status> {
  const text = await readFile(join(folder, 'group.status.json'), 'utf8').catch(() => '{"status":{}}');
  return (JSON.parse(text) as { status: Status }).status;
}

async function nodeEnd(stage: CrashStage, node: NodeName): Promise<NodeEnd> {
  const view = await hostView(stage, node);
  const seen = [...view.units, ...(view.redisUnit === undefined ? [] : [view.redisUnit])];
  const runs = view.redisUnit?.state === 'running';
  return {
    redis: runs ? await redisEnd(stage, node) : 'down',
    units: Object.fromEntries(seen.map(({ name, state }) => [name, state])),
    copies: (await keptCopies(stage, node)) > 0 ? 'kept' : 'none',
  };
}

async function hostView(stage: CrashStage, node: NodeName) {
  const host = new LocalHost({ directory: stage.directory(node), units, redisUnit });
  const view = await host.observe();
  host.close();
  if (view.state !== 'answers') throw new Error(`the host of ${node}: ${view.state}`);
  return view;
}

/** What the group's settings are where a config file (redis.conf) says nothing of them. */
const defaults = {
  'min-replicas-to-write': '0',
  'min-replicas-max-lag': '10',
  'repl-ping-replica-period': '10',
  'repl-diskless-sync-delay': '5',
  'replica-ignore-disk-write-errors': 'no',
};
const settings = ['requirepass', 'masterauth', ...Object.keys(defaults)];

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
      file: await kept(stage, node),
      passwords: await passwordsOf(admin),
    };
  });
}

/** How many passwords the default user takes. */
async function passwordsOf(admin: { acl(...words: ['GETUSER', string]): Promise<unknown> }): Promise<number> {
  const fields = (await admin.acl('GETUSER', 'default')) as unknown[];
  return (fields[fields.indexOf('passwords') + 1] as unknown[]).length;
}

const writeTimeoutMs = 2_000;

/** Nobody shall find it paused, or refusing, for good. */
async function writesAt(stage: CrashStage, node: NodeName): Promise<string> {
  const host = await hostView(stage, node);
  if (host.redisUnit?.state !== 'running') return 'down';
  return stage.admin(node, async (admin) => {
    const answered = new AbortController();
    const late = delay(writeTimeoutMs, 'paused', { signal: answered.signal }).catch(() => 'paused');
    const taken = admin.set('last', 'of all').then(
      () => 'taken',
      (cause: unknown) => `refused: ${String(cause).replace(/^.*?([A-Z]{4,}).*$/, '$1')}`,
    );
    const outcome = await Promise.race([taken, late]);
    answered.abort();
    return outcome;
  });
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
async function kept(stage: CrashStage, node: NodeName): Promise<unknown> {
  const file = await readFile(stage.redisConfig(node), 'utf8');
  const of = /^replicaof \S+ (\d+)$/m.exec(file)?.[1];
  const password = /^requirepass "?(\w+)"?$/m.exec(file)?.[1] === stage.password;
  return {
    follows: of === undefined ? null : stage.nodeAt(Number(of)),
    password: password ? 'present' : 'former',
    passwords: /^user default .*$/m.exec(file)?.[0].match(/#[0-9a-f]{64}/g)?.length ?? 1,
    settings: Object.fromEntries(
      Object.entries(defaults).map(([name, value]) => [
        name,
        new RegExp(`^${name} (\\S+)$`, 'm').exec(file)?.[1] ?? value,
      ]),
    ),
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
    preserved: [...new Set((status.preserved ?? []).map(({ node }) => node))].sort(),
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

function lossesIn({ history = [] }: Status): string[] {
  return history.map(({ lostBytes }) => (lostBytes === undefined ? 'not known' : 'counted'));
}
