import { type Answer, say } from './ssh-server.ts';

export const bootId = '0b8b9d6c-52a5-4e5a-9f6b-0d9d3a0f6c11';

export interface NodeState {
  uptime: number;
  epoch: number;
  /** `STATE UNTIL TERMS` */
  lease: string;
}

/** Lines that the script prints after its greeting, verdict included; undefined: as a healthy node does. */
export type Verb = (words: readonly string[], stdin: string) => string | undefined;

/** A node with the script installed, in the words of the protocol; `verb` may answer in its place. */
export function forcedNode(state: NodeState, verb: Verb = () => undefined): Answer {
  return async ({ command, channel, stdin }) => {
    const [program, ...words] = command.split(' ');
    if (program !== 'understudy-node') return say(channel, '', 1, 'only understudy-node is run here\n');
    const lines = verb(words, await stdin) ?? healthy(state, words);
    say(channel, `understudy-node 2\n${lines}\n`);
  };
}

function healthy(state: NodeState, words: readonly string[]): string {
  const [verb, , ...rest] = words;
  if (verb === 'hello') return 'mode forced\ndone';
  if (verb === 'arm') {
    state.lease = `armed ${rest[1]} ${rest[3]}`;
    return 'done';
  }
  if (verb === 'disarm') state.lease = 'absent - -';
  if (verb !== 'observe') return 'done';
  const at = rest.indexOf('--lease');
  if (at >= 0) state.lease = state.lease.replace(/ \S+ /, ` ${rest[at + 1]} `);
  const names = at >= 0 ? rest.slice(0, at) : rest;
  const facts = [
    `boot ${bootId}`,
    `uptime ${state.uptime.toFixed(2)}`,
    `epoch ${state.epoch}`,
    'disk 1000000',
    `lease ${state.lease}`,
  ];
  const units = names.flatMap((name, index) => [`unit ${index}`, ...shown(name)]);
  return [...facts, ...units, 'done'].join('\n');
}

export const shown = (name: string, changes: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries({
    Id: name,
    LoadState: 'loaded',
    ActiveState: 'active',
    SubState: 'running',
    Result: 'success',
    NRestarts: '0',
    UnitFileState: 'disabled',
    Restart: 'no',
    MainPID: '12',
    TasksCurrent: '1',
    ExecMainExitTimestampMonotonic: '0',
    ...changes,
  }).map(([key, value]) => `${key}=${value}`);
