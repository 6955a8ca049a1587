import type { FailoverGroupSpec } from '../crd/failover-group.ts';
import type { Action } from './action.ts';
import type { AcceptedSetting, Memory } from './memory.ts';
import { nodeMemory, refusesAlone, withNodeMemory } from './memory.ts';
import type { PrimaryView, ReplicaView } from './observation.ts';
import { mayLogInAnew } from './password-rotation.ts';
import type { Situation } from './situation.ts';
import { answering, asPrimary, nodeNames } from './situation.ts';

/** An isolated primary refuses writes after this long (redis.conf: min-replicas-max-lag). */
export const maxLagSeconds = 3;

/**
 * What every node shall be set to: spec.redis.config; the ping that makes a replica's silence mean something
 * within seconds (redis.conf: repl-ping-replica-period, 10 s by default); how soon a primary notices that nobody
 * acknowledges.
 */
function wantedEverywhere(spec: FailoverGroupSpec): Record<string, string> {
  return {
    ...spec.redis.config,
    'repl-ping-replica-period': '1',
    'min-replicas-max-lag': String(maxLagSeconds),
    // Redis 7 ends a replica whose disk is full (redis.conf); the standby shall go on, and FailoverReady tells of it.
    'replica-ignore-disk-write-errors': 'yes',
  };
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
    const wanted = Object.entries({ ...everywhere, [alone]: wantedAlone(view, node === primary) });
    const accepted = nodeMemory(situation.memory, node).acceptedConfig ?? {};
    const differing = wanted.filter(([name, value]) => {
      const shown = view.config[name];
      if (shown === undefined || canonical(shown) === canonical(value)) return false;
      return name === alone || accepted[name]?.wanted !== value || accepted[name]?.shown !== shown;
    });
    const replicationLogin = view.replicationLogin === 'wrong' && mayLogInAnew(situation, primary);
    if (differing.length === 0 && !replicationLogin) return [];
    return [{ kind: 'applyConfig', node, settings: Object.fromEntries(differing), replicationLogin, epoch }];
  });
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
  return withNodeMemory(memory, node, { acceptedConfig: accepted });
}
