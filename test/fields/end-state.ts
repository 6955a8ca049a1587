import type { Status } from '../../crd/status.ts';
import { managedSettings } from '../../reconcilers/redis-config.ts';
import type { FieldStage } from './field-stage.ts';

const nowhere = 'nowhere';

/** Figures and times move with the way that was taken; what is left must not. */
const withoutFigures = (text: string): string =>
  text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replaceAll(/@\d+|"\d+"/g, '#');

function conditionsOf({ conditions = [] }: Status): unknown {
  return conditions.map(({ type, status, reason, message }) => [
    type,
    status,
    reason,
    withoutFigures(message),
  ]);
}

function statusOf({ spec, status }: FieldStage): unknown {
  const { currentPrimary, handledPrimary, demoting, unsaved, stoppedRedis, fences, failedAttempt } = status;
  const placeOf = (name: string) => spec.nodes.find((node) => node.name === name);
  return {
    currentPrimary,
    handledPrimary,
    open: status.transition?.kind,
    demoting,
    // What is still to be written where nobody reaches waits, and is told.
    unsaved: (unsaved ?? []).filter((name) => placeOf(name)?.redis.host !== nowhere),
    stoppedRedis,
    // What a host that is out of sight was last seen with proves that it is off, or does not.
    fences: (fences ?? [])
      .filter(({ node }) => placeOf(node)?.ssh?.host !== nowhere)
      .map(({ node, proof }) => [node, proof]),
    failedAttempt: failedAttempt && [failedAttempt.to, failedAttempt.back, failedAttempt.reason],
    rotating: status.passwordRotation !== undefined,
    replicaLagBytes: status.replicaLagBytes,
    conditions: conditionsOf(status),
  };
}

/** What status tells of each node; of one that is out of sight, what was seen before counts for nothing. */
function nodesOf({ spec, status }: FieldStage): unknown {
  return status.nodes?.map(({ lastIoSecondsAgo: _io, usedMemoryBytes: _memory, ...node }) => {
    const { redis, ssh } = spec.nodes.find(({ name }) => name === node.name) ?? {};
    return {
      ...node,
      ...(redis?.host === nowhere ? { inSync: undefined, lagBytes: undefined } : {}),
      ...(ssh?.host === nowhere ? { lease: undefined } : {}),
    };
  });
}

function pick(config: Readonly<Record<string, string>>, names: readonly string[]): unknown {
  return names.map((name) => [name, config[name]]);
}

/** Everything that a person could see of the group at rest, but for times, epochs and counts. */
export function endState(stage: FieldStage): Record<string, unknown> {
  const { spec, world } = stage;
  const settings = [...managedSettings(spec)].sort();
  // Hosts that the spec does not lead to, though their Redis is in it: what runs there is not known.
  const unseen = new Set(spec.nodes.flatMap(({ redis, ssh }) => (ssh?.host === nowhere ? [redis.host] : [])));
  const machines = spec.nodes.map(({ redis }) => redis.host.replace(/-too$/, ''));
  const onStage = [...world.redis.values()].filter(({ name }) => machines.includes(name));
  // A unit that is taken off the list is nobody's any more: it is left as it is.
  const wanted = new Set(spec.units.map(({ name }) => name));
  return {
    status: statusOf(stage),
    nodes: nodesOf(stage),
    redis: onStage.map((redis) => [
      redis.name,
      redis.process,
      redis.role,
      redis.of,
      redis.role === 'replica' ? redis.link : undefined,
      redis.pausedUntil > world.now,
    ]),
    configs: onStage.map((redis) => [redis.name, pick(redis.config, settings)]),
    files: onStage.map((redis) => [redis.name, redis.savedRole, pick(redis.savedConfig, settings)]),
    units: [...world.hosts.values()].map(({ name, units }) => [
      name,
      [...units].flatMap(([unit, { state }]) => (state === 'running' && wanted.has(unit) ? [unit] : [])),
    ]),
    leases: [...world.hosts.values()].map(({ name, leaseUntil }) => [
      name,
      unseen.has(name) ? undefined : leaseUntil !== undefined,
    ]),
    violations: stage.violations,
  };
}

/** The paths at which two end states differ, with both values. */
export function differences(one: unknown, other: unknown, path = ''): string[] {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return Object.is(one, other) ? [] : [`${path}: ${JSON.stringify(one)} ≠ ${JSON.stringify(other)}`];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) =>
    differences(Reflect.get(one, key), Reflect.get(other, key), `${path}/${key}`),
  );
}
