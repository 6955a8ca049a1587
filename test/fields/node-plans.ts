import { both, drop, put } from './document-edit.ts';
import type { FieldPlan } from './field-plan.ts';

export const spareNode = {
  name: 'd',
  redis: { host: 'd', port: 6379 },
  ssh: { host: 'd', port: 22, user: 'root' },
};
const fence = {
  ssh: { host: 'hypervisor', port: 22, user: 'root' },
  command: ['off'],
  confirm: { command: ['status'], stdout: 'off' },
};
const portFaults = (place: string) =>
  [0, 65536, 1.5, '22'].map((value) => ({
    what: `${JSON.stringify(value)}`,
    edit: put(place, value),
    at: place,
    says: /must be|too/,
  }));
const hostFaults = (place: string) =>
  ['10.0.0.256', 'a b', 'a:6379', ''].map((value) => ({
    what: `"${value}"`,
    edit: put(place, value),
    at: place,
    says: /must be|is not|is empty|too/,
  }));

const naming: FieldPlan[] = [
  {
    field: 'primary',
    valid: [
      { what: 'b', edit: put('primary', 'b') },
      { what: 'c', edit: put('primary', 'c') },
    ],
    invalid: [
      { what: 'none of the nodes', edit: put('primary', 'z'), at: 'primary', says: /none of the nodes/ },
      { what: 'no name', edit: put('primary', 'A!'), at: 'primary', says: /lower-case/ },
      { what: 'missing', edit: drop('primary'), at: 'primary', says: /is missing/ },
    ],
  },
  {
    field: 'nodes[].name',
    valid: [
      { what: 'd added', edit: put('nodes[3]', spareNode) },
      { what: 'c removed', edit: drop('nodes[2]') },
      {
        what: 'c renamed',
        edit: put('nodes[2].name', 'c2'),
        isStranger: 'no node has the name any more that the change was recorded under',
      },
      { what: 'the primary renamed', edit: both(put('nodes[0].name', 'a2'), put('primary', 'a2')) },
      {
        what: 'the primary removed, another asked for',
        edit: both(put('primary', 'b'), drop('nodes[0]')),
      },
      {
        what: 'the names of b and c swapped',
        edit: both(put('nodes[1].name', 'c'), put('nodes[2].name', 'b')),
        isStranger: 'the name that the change was recorded under means another node now',
        leavesWatch:
          'a name that goes on at another address may be the same machine, whose watch is relied on',
      },
      {
        what: 'd in place of c',
        edit: both(drop('nodes[2]'), put('nodes[2]', spareNode)),
      },
      { what: 'b removed', edit: drop('nodes[1]') },
    ],
    invalid: [
      { what: 'twice', edit: put('nodes[1].name', 'c'), at: 'nodes[2].name', says: /names must differ/ },
      { what: 'no name', edit: put('nodes[1].name', 'B_1'), at: 'nodes[1].name', says: /lower-case/ },
      {
        what: 'one node alone',
        edit: both(drop('nodes[2]'), drop('nodes[1]')),
        at: 'nodes',
        says: /at least 2/,
      },
      { what: 'the primary is removed', edit: drop('nodes[0]'), at: 'primary', says: /none of the nodes/ },
      {
        what: 'the primary is renamed',
        edit: put('nodes[0].name', 'a2'),
        at: 'primary',
        says: /none of the/,
      },
    ],
  },
];

const addresses: FieldPlan[] = [
  {
    field: 'nodes[].redis.host',
    valid: [
      { what: 'b under another name', edit: put('nodes[1].redis.host', 'b-too') },
      { what: 'the primary under another name', edit: put('nodes[0].redis.host', 'a-too') },
      { what: 'c nowhere', edit: put('nodes[2].redis.host', 'nowhere') },
    ],
    invalid: [
      ...hostFaults('nodes[1].redis.host'),
      {
        what: 'that of another node',
        edit: put('nodes[1].redis.host', 'a'),
        at: 'nodes[1].redis',
        says: /own Redis/,
      },
      { what: 'missing', edit: drop('nodes[1].redis.host'), at: 'nodes[1].redis.host', says: /is missing/ },
    ],
  },
  {
    field: 'nodes[].redis.port',
    valid: [
      { what: 'another port of c', edit: put('nodes[2].redis.port', 6380) },
      { what: 'another port of the primary', edit: put('nodes[0].redis.port', 6380) },
    ],
    invalid: portFaults('nodes[1].redis.port'),
  },
  {
    field: 'nodes[].ssh.host',
    valid: [
      { what: 'b by another name', edit: put('nodes[1].ssh.host', 'b-too') },
      {
        what: 'c nowhere',
        edit: put('nodes[2].ssh.host', 'nowhere'),
        leavesWatch: 'whoever is out of reach when it is taken out cannot be told',
      },
    ],
    invalid: [
      ...hostFaults('nodes[1].ssh.host'),
      {
        what: 'that of another node',
        edit: put('nodes[1].ssh.host', 'a'),
        at: 'nodes[1].ssh',
        says: /tell the two/,
      },
      { what: 'no host for the units', edit: drop('nodes[1].ssh'), at: 'nodes[1]', says: /needs ssh/ },
    ],
  },
  {
    field: 'nodes[].ssh.port',
    valid: [
      { what: 'another', edit: put('nodes[1].ssh.port', 2222) },
      { what: 'the usual, unsaid', edit: drop('nodes[1].ssh.port') },
    ],
    invalid: portFaults('nodes[1].ssh.port'),
  },
  {
    field: 'nodes[].ssh.user',
    valid: [
      { what: 'another', edit: put('nodes[1].ssh.user', 'understudy') },
      { what: "the primary's", edit: put('nodes[0].ssh.user', 'admin') },
    ],
    invalid: [
      {
        what: 'an option',
        edit: put('nodes[1].ssh.user', '-oProxy'),
        at: 'nodes[1].ssh.user',
        says: /login/,
      },
      { what: 'missing', edit: drop('nodes[1].ssh.user'), at: 'nodes[1].ssh.user', says: /is missing/ },
    ],
  },
  {
    field: 'nodes[].local.directory',
    valid: [
      {
        what: 'c on the machine of the controller',
        edit: both(drop('nodes[2].ssh'), put('nodes[2].local.directory', '/etc/units')),
      },
      {
        what: 'the primary on the machine of the controller',
        edit: both(drop('nodes[0].ssh'), put('nodes[0].local.directory', '/etc/units')),
      },
    ],
    invalid: [
      {
        what: 'beside ssh',
        edit: put('nodes[1].local.directory', '/u'),
        at: 'nodes[1].local',
        says: /beside ssh/,
      },
      {
        what: 'relative',
        edit: both(drop('nodes[2].ssh'), put('nodes[2].local.directory', 'units')),
        at: 'nodes[2].local.directory',
        says: /absolute/,
      },
    ],
  },
];

const withFence = (place: string, value: unknown) =>
  both(put('nodes[0].fence', fence), put(`nodes[0].fence.${place}`, value));

const fences: FieldPlan[] = [
  {
    field: 'nodes[].fence.ssh.host',
    valid: [
      { what: 'the primary can be switched off', edit: put('nodes[0].fence', fence) },
      { what: 'b can be switched off', edit: put('nodes[1].fence', fence) },
      { what: 'by a machine that is nowhere', edit: withFence('ssh.host', 'nowhere') },
    ],
    invalid: [
      {
        what: 'the node itself',
        edit: withFence('ssh.host', 'a'),
        at: 'nodes[0].fence.ssh.host',
        says: /itself/,
      },
      {
        what: 'no host',
        edit: withFence('ssh.host', 'a b'),
        at: 'nodes[0].fence.ssh.host',
        says: /must be a host/,
      },
    ],
  },
  {
    field: 'nodes[].fence.ssh.port',
    valid: [
      { what: 'another', edit: withFence('ssh.port', 2222) },
      {
        what: 'the usual, unsaid',
        edit: both(put('nodes[0].fence', fence), drop('nodes[0].fence.ssh.port')),
      },
    ],
    invalid: [
      { what: '0', edit: withFence('ssh.port', 0), at: 'nodes[0].fence.ssh.port', says: /at least 1/ },
    ],
  },
  {
    field: 'nodes[].fence.ssh.user',
    valid: [
      { what: 'another', edit: withFence('ssh.user', 'pve') },
      { what: 'a third', edit: withFence('ssh.user', 'power') },
    ],
    invalid: [
      { what: 'an option', edit: withFence('ssh.user', '-l'), at: 'nodes[0].fence.ssh.user', says: /login/ },
    ],
  },
  {
    field: 'nodes[].fence.command[]',
    valid: [
      { what: 'one that does not work', edit: withFence('command', ['false']) },
      { what: 'one with arguments', edit: withFence('command', ['off', '100']) },
    ],
    invalid: [
      { what: 'none', edit: withFence('command', []), at: 'nodes[0].fence.command', says: /at least 1/ },
      {
        what: 'two lines',
        edit: withFence('command', ['a\nb']),
        at: 'nodes[0].fence.command[0]',
        says: /one line/,
      },
    ],
  },
  {
    field: 'nodes[].fence.confirm.command[]',
    valid: [
      { what: 'another', edit: withFence('confirm.command', ['ask']) },
      { what: 'one with arguments', edit: withFence('confirm.command', ['ask', '100']) },
    ],
    invalid: [
      {
        what: 'none',
        edit: withFence('confirm.command', []),
        at: 'nodes[0].fence.confirm.command',
        says: /at least/,
      },
    ],
  },
  {
    field: 'nodes[].fence.confirm.stdout',
    valid: [
      { what: 'another', edit: withFence('confirm.stdout', 'status: off') },
      { what: 'a word', edit: withFence('confirm.stdout', 'gone') },
    ],
    invalid: [
      {
        what: 'empty',
        edit: withFence('confirm.stdout', ''),
        at: 'nodes[0].fence.confirm.stdout',
        says: /empty|least/,
      },
    ],
  },
];

/** Who the nodes are and how they are reached. */
export const nodePlans: readonly FieldPlan[] = [...naming, ...addresses, ...fences];
