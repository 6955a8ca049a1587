import type { ModelScope } from './model-state.ts';

const two = { nodes: ['a', 'b'], units: ['bot-a.service', 'bot-b.service'], leaseSeconds: 2, fences: true };
const three = { nodes: ['a', 'b', 'c'], units: ['bot-a.service'], leaseSeconds: 2, fences: false };

/** What leads somewhere else than its neighbours do: pairs of these are followed. */
const telling = [
  'crash',
  'hang',
  'power off',
  'pull',
  'cut',
  'request',
  'unit 0',
  'fence',
  'promote',
  'kill',
];

/** A small world, and the parts in which it is gone through; a state that two parts reach is counted once. */
export interface SmallWorld {
  readonly nodes: number;
  readonly units: number;
  readonly parts: readonly ModelScope[];
}

const anywhere = { events: 1, amidst: 'anything' } as const;
/** Edits, and what strikes the controller itself in the middle of what it does for them. */
const controllers = { events: 3, amidst: 'controller', only: ['request'], roots: ['at rest'] } as const;
/** Minutes in which nothing else happens, the controller at work: bounds that no few ticks come near. */
const silences = { events: 2, amidst: 'nothing', waits: true, roots: ['at rest'] } as const;
const losses = ['pause', 'pull', 'kill'];
/** A primary is lost, and while another one takes over, anything strikes the controller, or the old one comes back. */
const failovers = { events: 2, amidst: 'anything', writes: 1, roots: ['at rest'] } as const;
const pairs = { events: 2, amidst: 'nothing', only: telling, roots: ['at rest'] } as const;

/**
 * What `npm run model` goes through: every single event everywhere, and pairs of those that tell. `writes` counts
 * those of the root, too: one, but for the fresh one. The longest come first.
 */
export const worlds: readonly SmallWorld[] = [
  {
    nodes: 2,
    units: 2,
    parts: [
      { ...two, ...anywhere, name: 'any event anywhere, failed over', writes: 2, roots: ['failed over'] },
      { ...two, ...pairs, name: 'pairs of events', writes: 1 },
      { ...two, ...anywhere, name: 'any event anywhere, fresh', writes: 1, roots: ['fresh'] },
      {
        ...two,
        ...anywhere,
        name: 'any event anywhere, asking whose data to keep',
        writes: 2,
        roots: ['asking'],
      },
      { ...two, ...silences, name: 'long silences', leaseSeconds: 0, writes: 3, only: losses },
      {
        ...two,
        ...pairs,
        name: 'failover by hand',
        writes: 1,
        manual: true,
        only: ['crash', 'pull', 'power off', 'request'],
      },
      {
        ...two,
        ...failovers,
        name: 'what strikes in the middle of a failover',
        only: ['pull a'],
      },
      { ...two, ...controllers, name: 'edits and deposed controllers', writes: 1 },
      { ...two, ...anywhere, name: 'any event anywhere, at rest', writes: 3, roots: ['at rest'] },
    ],
  },
  {
    nodes: 3,
    units: 1,
    parts: [
      { ...three, ...anywhere, name: 'any event anywhere', writes: 2, roots: ['at rest', 'failed over'] },
      {
        ...three,
        ...silences,
        name: 'long silences, failover by hand',
        fences: true,
        manual: true,
        writes: 3,
        only: ['part', 'request'],
      },
      { ...three, ...pairs, name: 'pairs of events', writes: 1, only: ['crash', 'request', 'kill'] },
      {
        ...three,
        ...failovers,
        name: 'what strikes in the middle of a failover',
        only: ['pull a', 'crash a (disk none)'],
      },
    ],
  },
];

/** What is part of `npm test`. */
export const reducedWorlds: readonly SmallWorld[] = [
  {
    nodes: 2,
    units: 2,
    parts: [{ ...two, name: 'reduced', events: 1, writes: 2, amidst: 'controller', roots: ['at rest'] }],
  },
  {
    nodes: 3,
    units: 1,
    parts: [{ ...three, ...anywhere, name: 'reduced', writes: 1, roots: ['at rest', 'failed over'] }],
  },
];

/** Where each mutant is looked for, unless it says where. */
export const mutantWorld: ModelScope = {
  ...two,
  name: 'mutant',
  events: 1,
  writes: 2,
  amidst: 'anything',
  roots: ['at rest', 'failed over'],
};
