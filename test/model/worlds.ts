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

/** What `npm run model` goes through: every single event everywhere, and pairs of those that tell. */
export const worlds: readonly SmallWorld[] = [
  {
    nodes: 2,
    units: 2,
    parts: [
      { ...two, name: 'any event anywhere', events: 1, writes: 2, amidst: 'anything' },
      {
        ...two,
        name: 'pairs of events',
        events: 2,
        writes: 1,
        amidst: 'nothing',
        only: telling,
        roots: ['at rest'],
      },
    ],
  },
  {
    nodes: 3,
    units: 1,
    parts: [
      {
        ...three,
        name: 'any event anywhere',
        events: 1,
        writes: 1,
        amidst: 'anything',
        roots: ['at rest', 'failed over'],
      },
    ],
  },
];

/** What is part of `npm test`. */
export const reducedWorlds: readonly SmallWorld[] = [
  {
    nodes: 2,
    units: 2,
    parts: [
      {
        ...two,
        name: 'reduced',
        events: 1,
        writes: 1,
        amidst: 'controller',
        roots: ['at rest', 'failed over'],
      },
    ],
  },
  {
    nodes: 3,
    units: 1,
    parts: [{ ...three, name: 'reduced', events: 1, writes: 2, amidst: 'nothing', roots: ['at rest'] }],
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
