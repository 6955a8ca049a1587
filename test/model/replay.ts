import { Convergence, healedFrom } from './convergence.ts';
import { successors } from './explore.ts';
import { eventsOf } from './model-event.ts';
import { runPass } from './model-pass.ts';
import type { ModelScope, ModelState } from './model-state.ts';
import { cloneState } from './model-state.ts';

/** Tells a path step by step, and how it goes on once faults stop. The first label names a root. */
export async function replay(
  scope: ModelScope,
  roots: readonly { name: string; state: ModelState }[],
  labels: readonly string[],
  tell: (line: string) => void,
): Promise<void> {
  const events = eventsOf(scope);
  const [first, ...steps] = labels;
  let state = roots.find(({ name }) => name === first)?.state;
  if (state === undefined) throw new Error(`no root is called ${first}`);
  tell(`${first}\n${picture(state)}`);
  for (const label of steps) {
    const next: ModelState | undefined = await follow(scope, state, events, label);
    if (next === undefined) throw new Error(`${label} cannot happen here`);
    state = next;
    tell(`${label}\n${picture(state)}`);
  }
  for (const message of await new Convergence(scope).judge(state)) tell(`!! ${message}`);
  const healed = healedFrom(scope, cloneState(state));
  for (let pass = 0; pass < 12; pass += 1) {
    const { acted, result } = await runPass(scope, healed);
    const done = acted.map(({ action, outcome }) => `${action.kind}:${outcome.kind}`).join(' ');
    tell(`healed, pass ${pass}: ${result} ${done}\n${picture(healed)}`);
    if (result !== 'acted') healed.world.advance(2_000);
  }
}

async function follow(
  scope: ModelScope,
  state: ModelState,
  events: ReturnType<typeof eventsOf>,
  label: string,
): Promise<ModelState | undefined> {
  for await (const step of successors(scope, state, events, 9)) if (step.label === label) return step.state;
  return undefined;
}

function picture({ world, status, memory }: ModelState): string {
  const nodes = world.redis.map((redis) => {
    const host = world.host(redis.name);
    const whom = redis.of === undefined ? '' : ` of ${redis.of} (${redis.link})`;
    const units = host.units.map(({ state }) => state[1]).join('');
    return `  ${redis.name}: ${redis.process} ${redis.role}${whom} ${redis.data.replicationId}<${redis.data.previousId}@${redis.data.previousEnd} [${redis.data.log}] disk [${redis.snapshot.log}] saved ${redis.savedRole.role} mrw ${redis.config['min-replicas-to-write']} claim ${redis.claimed} | power ${host.powered} epoch ${host.epoch} units ${units} lease ${host.leaseUntil === undefined ? '-' : host.leaseUntil - world.now}`;
  });
  const told = status.conditions?.filter(
    (condition) => condition.status !== 'True' && condition.type !== 'Paused',
  );
  const { transition: open, lastTransition: last } = status;
  return [
    ...nodes,
    `  cuts ${[...world.cuts].join(' ')}; status epoch ${status.epoch} primary ${status.currentPrimary} handled ${status.handledPrimary} id ${status.primaryReplicationId} open ${open === undefined ? '-' : `${open.kind} ${open.from}>${open.to} ${open.epoch} ${open.cause}`} last ${last === undefined ? '-' : `${last.kind} ${last.from}>${last.to} lost ${last.lostBytes} ${last.lostBytesExact}`} fences ${JSON.stringify(status.fences?.map(({ node, proof }) => [node, proof]))} attempt ${status.failedAttempt?.reason} inSync ${status.nodes?.map(({ inSync }) => inSync)} off ${memory.poweredOff}`,
    `  ${(told ?? []).map(({ type, reason, message }) => `${type}=${reason} "${message}"`).join('\n  ')}`,
  ].join('\n');
}
