import type { FailoverGroupSpec } from '../crd/failover-group.ts';
import type { Action } from './action.ts';
import type { AcceptedSetting, Memory } from './memory.ts';
import { nodeMemory, refusesAlone, withNodeMemory } from './memory.ts';
import type { PrimaryView, ReplicaView } from './observation.ts';
import { mayLogInAnew } from './password-rotation.ts';
import type { Finding } from './reasons.ts';
import { Reason } from './reasons.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, nodeNames } from './situation.ts';

/** An isolated primary refuses writes after this long (redis.conf: min-replicas-max-lag). */
export const maxLagSeconds = 3;

/**
 * What every node is set to, whatever the spec says: the ping that makes a replica's silence mean something within
 * seconds (redis.conf: repl-ping-replica-period, 10 s by default); how soon a primary notices that nobody
 * acknowledges.
 */
const ownSettings: Readonly<Record<string, string>> = {
  'repl-ping-replica-period': '1',
  'min-replicas-max-lag': String(maxLagSeconds),
  // Redis 7 ends a replica whose disk is full (redis.conf); the standby shall go on, and FailoverReady tells of it.
  'replica-ignore-disk-write-errors': 'yes',
};

/** Ours first: they are set in this order, up to the first that a server refuses, and only the spec's can be wrong. */
function wantedEverywhere(spec: FailoverGroupSpec): Record<string, string> {
  return { ...ownSettings, ...spec.redis.config, ...ownSettings };
}

const alone = 'min-replicas-to-write';

/** The names of all settings that the controller keeps: what a look must report. */
export function managedSettings(spec: FailoverGroupSpec): string[] {
  return [...Object.keys(wantedEverywhere(spec)), alone];
}

/**
 * 1 while a replica acknowledges, so that the primary, once isolated, refuses what would be lost; 0 when its
 * replicas are known to be away, and on every replica: a freshly promoted one shall not wait for anybody.
 * It stays until the replica has been quiet for as long as Redis itself puts up with.
 */
function wantedAlone(view: PrimaryView | ReplicaView, leads: boolean): string {
  if (view.role === 'replica') return '0';
  // A second primary shall take nothing more until it is judged.
  if (!leads) return '1';
  const patience = refusesAlone(view) ? maxLagSeconds - 1 : 1;
  const acknowledged = view.replicas.some(
    ({ state, lagSeconds }) => state === 'online' && lagSeconds >= 0 && lagSeconds <= patience,
  );
  return acknowledged ? '1' : '0';
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};

/** '512mb' and '536870912' are one value (redis.conf: 1k => 1000 bytes, 1kb => 1024 bytes, case-insensitive). */
function canonical(value: string): string {
  const match = /^(\d+)\s*([kmg]?b?)$/i.exec(value.trim());
  if (match === null) return value.trim().replace(/\s+/g, ' ').toLowerCase();
  return String(Number(match[1]) * (units[(match[2] ?? '').toLowerCase()] ?? 1));
}

/** Sets what differs; a setting that Redis took but shows otherwise is left at that. */
export function configActions(
  situation: Situation,
  primary: string,
  moving: readonly Action[],
  epoch: number,
): Action[] {
  const everywhere = wantedEverywhere(situation.spec);
  return nodeNames(situation).flatMap((node): Action[] => {
    const view = answering(situation, node);
    // What changes its role in the same plan is set up in the next one, as what it is then.
    if (view === undefined || moving.some((action) => 'node' in action && action.node === node)) return [];
    const wanted = Object.entries({ [alone]: wantedAlone(view, node === primary), ...everywhere });
    const accepted = nodeMemory(situation.memory, node).acceptedConfig ?? {};
    const differing = wanted.filter(([name, value]) => {
      const shown = view.config[name];
      if (shown === undefined || canonical(shown) === canonical(value)) return false;
      if (isPutOff(situation, node, name, value)) return false;
      return name === alone || accepted[name]?.wanted !== value || accepted[name]?.shown !== shown;
    });
    const replicationLogin = view.replicationLogin === 'wrong' && mayLogInAnew(situation, primary);
    if (differing.length === 0 && !replicationLogin) return [];
    return [{ kind: 'applyConfig', node, settings: Object.fromEntries(differing), replicationLogin, epoch }];
  });
}

/** Longest wait between two tries of settings that a server refused (ms). */
const longestPutOffMs = 60_000;

/** The server refused it, or one before it, a moment ago: what the controller itself needs does not wait for it. */
function isPutOff({ memory, now }: Situation, node: string, name: string, value: string): boolean {
  const refused = nodeMemory(memory, node).refusedConfig;
  if (refused === undefined || Object.hasOwn(ownSettings, name) || refused.settings[name] !== value)
    return false;
  return now < refused.at + Math.min(1000 * 2 ** (refused.count - 1), longestPutOffMs);
}

/** A setting of the spec that a server refuses, or does not know: all else goes on without it. */
export function refusedSetting(situation: Situation): Finding | undefined {
  for (const node of nodeNames(situation)) {
    const why = whyNotSet(situation, node);
    if (why === undefined) continue;
    const message = `${node}'s Redis does not take what spec.redis.config asks for: ${why}`;
    return { reason: Reason.SettingRefused, message };
  }
  return undefined;
}

function whyNotSet(situation: Situation, node: string): string | undefined {
  const { config } = situation.spec.redis;
  const view = answering(situation, node);
  if (view === undefined) return undefined;
  const names = Object.keys(config);
  const refused = nodeMemory(situation.memory, node).refusedConfig;
  if (refused !== undefined && names.some((name) => refused.settings[name] === config[name]))
    return `${refused.message} Mend that value, or take it out. It is tried again with growing pauses.`;
  // One that shows nothing at all does not let the controller look (CONFIG GET).
  const unknown = names.find((name) => view.config[name] === undefined);
  return unknown === undefined || view.config[alone] === undefined
    ? undefined
    : `it knows no setting ${unknown}. Mend that name, or take it out.`;
}

/** After a server refused an applyConfig: its settings are tried again later, the others at once. */
export function refuseConfig(
  memory: Memory,
  node: string,
  { settings, message }: { settings: Readonly<Record<string, string>>; message: string },
  at: number,
): Memory {
  const count = (nodeMemory(memory, node).refusedConfig?.count ?? 0) + 1;
  return withNodeMemory(memory, node, { refusedConfig: { settings, count, at, message } });
}

/**
 * The one thing that is done for a paused group: its primary must not refuse writes when its replica is taken down
 * for maintenance. Nobody is promoted meanwhile, so nothing is lost by taking them.
 */
export function openWhilePaused(situation: Situation, primary: string | undefined, epoch: number): Action[] {
  const view = primary === undefined ? undefined : asPrimary(situation, primary);
  if (view === undefined || primary === undefined || !refusesAlone(view)) return [];
  return [{ kind: 'applyConfig', node: primary, settings: { [alone]: '0' }, replicationLogin: false, epoch }];
}

/** Whether it lets a primary take writes that nobody acknowledges, whatever is heard of its outcome. */
export function opensToWrites(action: Action): action is Extract<Action, { kind: 'applyConfig' }> {
  return action.kind === 'applyConfig' && action.settings[alone] === '0';
}

/** After Redis took the settings of an applyConfig: what it shows next counts as what was asked. */
export function acceptConfig(
  memory: Memory,
  node: string,
  settings: Readonly<Record<string, string>>,
): Memory {
  const accepted: Record<string, AcceptedSetting> = { ...nodeMemory(memory, node).acceptedConfig };
  for (const [name, wanted] of Object.entries(settings)) accepted[name] = { wanted };
  const { refusedConfig: refused, ...known } = nodeMemory(memory, node);
  const stillRefused =
    refused !== undefined && Object.keys(settings).every((name) => refused.settings[name] !== settings[name]);
  const kept = { ...known, ...(stillRefused ? { refusedConfig: refused } : {}), acceptedConfig: accepted };
  return { ...memory, nodes: { ...memory.nodes, [node]: kept } };
}
