import { emptyData } from './history.ts';
import type { Server } from './server.ts';
import { endProcess, startProcess, takesWrites } from './server.ts';
import type { Fault, Sky } from './sky.ts';

/** Deaths, hangs, power, and what operators do to a Redis with their own hands. */
export function nodeFaults(sky: Sky): Readonly<Record<NodeFaultKind, Fault>> {
  return {
    crash: (name) => die(sky, name, 'mended'),
    restart: (name) => die(sky, name, 'soon'),
    stop: (name) => stop(sky, name),
    hang: (name) => hang(sky, name),
    power: (name) => losePower(sky, name),
    lag: (name) => lag(sky, name),
    dieAhead: () => dieAhead(sky),
    promoteByHand: (name) => promoteByHand(sky, name, []),
    swapByHand: (name) => promoteByHand(sky, name, [...sky.stage.servers.values()]),
  };
}

export type NodeFaultKind =
  | 'crash'
  | 'restart'
  | 'stop'
  | 'hang'
  | 'power'
  | 'lag'
  | 'dieAhead'
  | 'promoteByHand'
  | 'swapByHand';

/** It comes back with all that it had, with an older state, or with nothing. */
function die(sky: Sky, name: string, back: 'soon' | 'mended'): void {
  const { chance, stage } = sky;
  const server = stage.server(name);
  if (server.process !== 'running') return;
  const lot = chance.unit();
  const keeps = lot < 0.4 ? 'all' : lot < 0.85 ? 'what it saved last' : 'nothing';
  if (keeps === 'all') server.snapshot = server.data;
  if (keeps === 'nothing') server.snapshot = emptyData(`${name}-new${Math.floor(stage.now)}`);
  sky.note(`${name}'s Redis dies, ${keeps} is on its disk`);
  endProcess(server, 'crashed', stage.now);
  if (back === 'soon') sky.mendAfter(chance.scaled(1, 500), () => start(sky, server));
  else sky.mendLater(() => start(sky, server));
}

/** A clean stop waits for the replicas (redis.conf: shutdown-timeout). */
function stop(sky: Sky, name: string): void {
  const { stage } = sky;
  const server = stage.server(name);
  if (server.process !== 'running') return;
  sky.note(`${name}'s Redis is stopped`);
  for (const other of stage.servers.values()) {
    const hears = other.of === name && other.link === 'up' && other.process === 'running';
    if (hears && !other.lagging && stage.reaches(other.name, name)) other.data = server.data;
  }
  endProcess(server, 'stopped', stage.now);
  sky.mendLater(() => start(sky, server));
}

function hang(sky: Sky, name: string): void {
  const server = sky.stage.server(name);
  if (server.process !== 'running') return;
  sky.note(`${name}'s Redis hangs`);
  const took = takesWrites(server, sky.stage.now);
  server.process = 'hung';
  sky.mendLater(() => {
    if (server.process === 'hung') {
      sky.note(`${name}'s Redis goes on`);
      server.process = 'running';
      server.runsSince = sky.stage.now;
      if (took) server.countsAgainAt = sky.stage.now + sky.chance.between(0, 1_000);
    }
    sky.network.release(name);
  });
}

/** Starts it where its machine has power and it does not run. */
export function start(sky: Sky, server: Server): void {
  const { stage } = sky;
  if (!stage.machine(server.name).powered) return;
  if (server.process !== 'crashed' && server.process !== 'stopped') return;
  sky.note(`${server.name}'s Redis starts`);
  startProcess(server, stage.now);
  sky.network.release(server.name);
}

function losePower(sky: Sky, name: string): void {
  sky.note(`${name} loses power`);
  sky.stage.power(name, false);
  sky.mendLater(() => {
    sky.note(`${name} has power`);
    sky.stage.power(name, true);
    sky.network.release(name);
  });
}

function lag(sky: Sky, name: string): void {
  const server = sky.stage.server(name);
  sky.note(`${name} takes nothing from its primary`);
  server.lagging = true;
  sky.mendLater(() => {
    sky.note(`${name} takes what its primary sends`);
    server.lagging = false;
  });
}

/** Its replicas hear it and take nothing for a while; then it dies, hangs, or loses power, so far ahead of them. */
function dieAhead(sky: Sky): void {
  const { chance, stage } = sky;
  const primary = [...stage.servers.values()].find(
    ({ role, process }) => role === 'primary' && process === 'running',
  );
  if (primary === undefined) return;
  const { name } = primary;
  for (const other of stage.servers.values()) if (other.of === name) lag(sky, other.name);
  const deaths: readonly [Fault, Fault, Fault] = [
    () => die(sky, name, 'mended'),
    () => hang(sky, name),
    () => losePower(sky, name),
  ];
  sky.mendAfter(chance.scaled(1_000, 60_000), () => chance.pick(deaths)(name));
}

/** REPLICAOF NO ONE here, and REPLICAOF here on the others, and CONFIG REWRITE, as by the book. */
function promoteByHand(sky: Sky, name: string, others: readonly Server[]): void {
  const server = sky.stage.server(name);
  if (server.process !== 'running') return;
  sky.note(`an operator promotes ${name}${others.length === 0 ? '' : ' and has the others follow it'}`);
  sky.stage.raise(server, 'somebodyElse');
  const awake = others.filter((other) => other !== server && other.process === 'running');
  for (const other of awake) sky.stage.follow(other, name);
  for (const { savedRole, role, of } of [server, ...awake]) Object.assign(savedRole, { role, of });
}
