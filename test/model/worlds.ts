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

/** What `npm run model` goes through: every single event everywhere, and pairs of those that tell. */
export const worlds: readonly ModelScope[] = [
  { ...two, events: 1, writes: 2, amidst: 'anything' },
  { ...two, events: 2, writes: 1, amidst: 'nothing', only: telling, roots: ['at rest'] },
  { ...three, events: 1, writes: 1, amidst: 'controller', roots: ['at rest', 'failed over'] },
];

/** What is part of `npm test`. */
export const reducedWorlds: readonly ModelScope[] = [
  { ...two, events: 1, writes: 1, amidst: 'controller', roots: ['at rest', 'failed over'] },
  { ...three, events: 1, writes: 1, amidst: 'nothing', roots: ['at rest'] },
];

/** Where each mutant is looked for, unless it says where. */
export const mutantWorld: ModelScope = {
  ...two,
  events: 1,
  writes: 2,
  amidst: 'anything',
  roots: ['at rest', 'failed over'],
};
