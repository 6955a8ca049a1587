import type { World } from '../world/world.ts';
import { both, drop, type Edit, put } from './document-edit.ts';
import { brokenUnit, refusedSetting } from './reached-nodes.ts';

/** How often something may happen between the edit and the rest after it was taken back. */
export interface Cost {
  readonly promotions: number;
  /** REPLICAOF: of the one that was primary, and of every other replica. */
  readonly repoints: number;
  readonly starts: number;
}

/** A document that the schema takes and the world does not. */
export interface Impossible {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The reason that some condition gives while it stands. */
  readonly told: string;
  /** How the world is while it is tried; `restore` after it was taken back. Both absent: as it was. */
  readonly spoil?: (world: World) => void;
  readonly restore?: (world: World) => void;
  /** The world is spoilt only when the edit has been taken up. */
  readonly isSpoiltLate?: true;
  /** Absent: nothing at all may move. */
  readonly cost?: Cost & { readonly why: string };
}

const otherEnds = ['@', '@host', 'b', 'c', 'd'];
/** In the time that it stands there are the first attempt and those after 5 s and 10 s more; the next come later. */
const attempts = 3;

const moves: readonly Impossible[] = [
  {
    name: 'the primary moved to a node whose Redis is down',
    edits: [put('primary', 'c')],
    told: 'CandidateUnreachable',
    spoil: (world) => {
      world.get('c').process = 'stopped';
    },
    restore: (world) => {
      world.get('c').process = 'running';
    },
  },
  {
    name: 'the primary moved to a node whose host is out of reach',
    edits: [put('primary', 'c'), put('nodes[2].ssh.host', 'nowhere')],
    told: 'CandidateHostSilent',
  },
  {
    name: 'the primary moved to a node that is nowhere',
    edits: [put('primary', 'c'), put('nodes[2].redis.host', 'nowhere')],
    told: 'CandidateUnreachable',
  },
  {
    name: 'the primary moved to a replica that does not catch up',
    edits: [put('primary', 'b')],
    told: 'RetryingLater',
    spoil: (world) => {
      world.get('b').lagging = true;
      world.write();
    },
    restore: (world) => {
      world.get('b').lagging = false;
    },
    cost: {
      promotions: 0,
      repoints: 0,
      starts: attempts,
      why: 'the units are stopped before the hand-over; each attempt that is put back starts them again where they were',
    },
  },
  {
    name: 'the primary moved to a node on which no unit starts',
    edits: [put('primary', 'b')],
    told: 'RetryingLater',
    spoil: (world) => void world.refuseStarts.add('b'),
    restore: (world) => void world.refuseStarts.delete('b'),
    cost: {
      promotions: 2 * attempts,
      repoints: 4 * attempts,
      starts: attempts,
      why: 'that a unit does not start is known only once it was tried beside its primary: there and back at each attempt',
    },
  },
];

const units: readonly Impossible[] = [
  {
    name: 'a unit that no host knows',
    edits: [put('units[2]', { name: 'bot-unknown.service' })],
    told: 'CandidateUnitMissing',
  },
  {
    name: 'a unit that does not start',
    edits: [put('units[2]', { name: brokenUnit })],
    told: 'UnitsNotRunning',
  },
  {
    name: 'a unit that does not start, and the primary moved',
    edits: [put('units[2]', { name: brokenUnit }), put('primary', 'b')],
    told: 'RetryingLater',
    cost: {
      promotions: 2 * attempts,
      repoints: 4 * attempts,
      starts: 3 * attempts,
      why: 'there and back at each attempt, and the other units with them: started there, started again here',
    },
  },
];

const others: readonly Impossible[] = [
  {
    name: 'a setting that Redis refuses',
    edits: [put('redis.config.maxmemory-policy', refusedSetting)],
    told: 'SettingRefused',
  },
  {
    name: 'a setting that Redis does not know',
    edits: [put('redis.config.maxmemmory', '1mb')],
    told: 'SettingRefused',
  },
  {
    name: 'a setting that Redis refuses, and the primary moved',
    edits: [put('redis.config.maxmemory-policy', refusedSetting), put('primary', 'b')],
    told: 'SettingRefused',
    cost: {
      promotions: 2,
      repoints: 4,
      starts: 2,
      why: 'the primary was moved on request, and moved back on request: a setting is no reason not to',
    },
  },
  {
    name: 'fencing that cannot be met',
    edits: [put('failover.leaseSeconds', 0), put('failover.fencing', 'Required')],
    told: 'FencingMissing',
    isSpoiltLate: true,
    spoil: (world) => {
      for (const end of otherEnds) world.cut(end, 'a', true);
    },
    restore: (world) => {
      for (const end of otherEnds) world.cut(end, 'a', false);
    },
  },
  {
    name: 'every host out of reach',
    edits: [0, 1, 2].map((node) => put(`nodes[${node}].ssh.host`, node === 0 ? 'nowhere' : `nowhere${node}`)),
    told: 'CandidateHostSilent',
  },
  {
    name: 'the primary taken out of the group',
    edits: [both(put('primary', 'b'), drop('nodes[0]'))],
    told: 'FollowsStranger',
  },
];

export const impossibles: readonly Impossible[] = [...moves, ...units, ...others];
