import { drop, type Edit, put } from './document-edit.ts';
import type { FieldPlan } from './field-plan.ts';

const sources: Readonly<Record<string, readonly [unknown, unknown]>> = {
  'secret.name': [{ secret: { name: 'first', key: 'k' } }, { secret: { name: 'second.one', key: 'k' } }],
  'secret.key': [{ secret: { name: 'one', key: 'first' } }, { secret: { name: 'one', key: 'second_1' } }],
  file: [{ file: '/etc/first' }, { file: '/etc/second' }],
  env: [{ env: 'FIRST' }, { env: 'SECOND' }],
};

const spoiled: Readonly<Record<string, readonly (readonly [what: string, value: unknown, says: RegExp])[]>> =
  {
    'secret.name': [['is no name', { secret: { name: 'No Name', key: 'k' } }, /lower-case/]],
    'secret.key': [
      ['is no key', { secret: { name: 'one', key: 'no/key' } }, /must be a key/],
      ['is missing', { secret: { name: 'one' } }, /is missing/],
    ],
    file: [['is relative', { file: 'key' }, /absolute path/]],
    env: [['is no name of a variable', { env: '1ST' }, /environment variable/]],
  };

/** The four leaves of one place that a secret comes from. `needs`: what else must be there for the place to be allowed. */
export function secretPlans(place: string, elsewhere: FieldPlan['elsewhere'], needs?: Edit): FieldPlan[] {
  const putting =
    (value: unknown): Edit =>
    (document, epoch) => {
      needs?.(document, epoch);
      put(place, value)(document, epoch);
    };
  const contradictions = [
    {
      what: 'beside another source',
      edit: putting({ file: '/a', env: 'A' }),
      at: place,
      says: /exactly one/,
    },
    { what: 'none at all', edit: putting({}), at: place, says: /exactly one/ },
    { what: 'a text', edit: putting('hunter2'), at: place, says: /must be a map/ },
  ];
  return Object.entries(sources).map(([leaf, values]) => ({
    field: `${place}.${leaf}`,
    valid: values.map((value, index) => ({ what: `${leaf} ${index + 1}`, edit: putting(value) })),
    invalid: [
      ...(spoiled[leaf] ?? []).map(([what, value, says]) => ({
        what,
        edit: putting(value),
        at: `${place}.${leaf}`,
        says,
      })),
      ...(leaf === 'file' ? contradictions : []),
    ],
    ...(elsewhere === undefined ? {} : { elsewhere }),
  }));
}

/** The place is optional, and without it something else holds. */
export const without = (place: string): { what: string; edit: Edit } => ({
  what: `without ${place}`,
  edit: drop(place),
});
