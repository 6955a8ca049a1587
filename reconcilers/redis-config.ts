import type { FailoverGroupSpec } from '../crd/failover-group.ts';
import type { Action } from './action.ts';
import type { AcceptedSetting, Memory } from './memory.ts';
import { nodeMemory, withNodeMemory } from './memory.ts';
import type { Situation } from './situation.ts';
import { answering, nodeNames } from './situation.ts';

/**
 * What every node shall be set to: spec.redis.config, and the ping that makes a replica's silence mean
 * something within seconds (redis.conf: repl-ping-replica-period, 10 s by default).
 */
export function wantedConfig(spec: FailoverGroupSpec): Record<string, string> {
  return { ...spec.redis.config, 'repl-ping-replica-period': '1' };
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
export function configActions(situation: Situation, epoch: number): Action[] {
  const wanted = Object.entries(wantedConfig(situation.spec));
  return nodeNames(situation).flatMap((node) => {
    const view = answering(situation, node);
    if (view === undefined) return [];
    const accepted = nodeMemory(situation.memory, node).acceptedConfig ?? {};
    const differing = wanted.filter(([name, value]) => {
      const shown = view.config[name];
      if (shown === undefined || canonical(shown) === canonical(value)) return false;
      return accepted[name]?.wanted !== value || accepted[name]?.shown !== shown;
    });
    return differing.length === 0
      ? []
      : [{ kind: 'applyConfig' as const, node, settings: Object.fromEntries(differing), epoch }];
  });
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
