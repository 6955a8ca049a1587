import { isDeepStrictEqual } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { badGroups, goodGroup } from '../crd/bad-groups.ts';

/** A document that a person might apply by mistake, or somebody on purpose. */
export interface Spoiled {
  readonly what: string;
  readonly document: Record<string, unknown>;
}

type Path = readonly (string | number)[];

/** What a field is replaced with; undefined takes it away. */
const replacements: readonly (readonly [what: string, value: unknown])[] = [
  ['missing', undefined],
  ['null', null],
  ['a number', -1],
  ['a fraction', 1.5],
  ['a huge number', 1e300],
  ['a text', 'x'],
  ['an empty text', ''],
  ['a text with a newline and quotes', 'a"\n\'; rm -rf / #'],
  ['a long text', 'a'.repeat(10_000)],
  ['letters of another script', 'ключ-１'],
  ['a list', []],
  ['a map', {}],
  ['a yes', true],
];

/** The rows of the parser's own table, as far as JSON can say them; every field of a good group spoiled in every way; and too much of everything. */
export function spoiledGroups(): Spoiled[] {
  return [...fromTable(), ...paths(good()).flatMap((path) => replaced(path)), ...tooLarge()];
}

const good = (): Record<string, unknown> => parse(goodGroup);

function fromTable(): Spoiled[] {
  return badGroups.flatMap(({ what, change }) => {
    const text = change.reduce((before, [from, to]) => before.replace(from, () => to), goodGroup);
    const documents = parseAllDocuments(text);
    const [document] = Array.isArray(documents) ? documents : [];
    if (document === undefined || document.errors.length > 0) return [];
    const value = plain(document);
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    const isJson = isDeepStrictEqual(value, JSON.parse(JSON.stringify(value ?? null)));
    return isMap && isJson ? [{ what, document: value as Record<string, unknown> }] : [];
  });
}

/** Nothing, where an alias leads nowhere. */
function plain(document: { toJS(): unknown }): unknown {
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}

function paths(value: unknown, path: Path = ['spec']): Path[] {
  const at = path.length === 1 ? (value as { spec: unknown }).spec : value;
  const children =
    typeof at === 'object' && at !== null
      ? Object.entries(at).flatMap(([key, child]) =>
          paths(child, [...path, Array.isArray(at) ? Number(key) : key]),
        )
      : [];
  return [path, ...children];
}

function replaced(path: Path): Spoiled[] {
  return replacements.map(([what, value]) => {
    const document = good();
    let parent: Record<string | number, unknown> = document;
    for (const key of path.slice(0, -1)) parent = parent[key] as Record<string | number, unknown>;
    const key = path.at(-1) ?? '';
    if (value !== undefined) parent[key] = value;
    else if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
    return { what: `${path.join('.')} is ${what}`, document };
  });
}

function tooLarge(): Spoiled[] {
  const changed = (what: string, change: (spec: Record<string, unknown>) => void): Spoiled => {
    const document = good();
    change(document.spec as Record<string, unknown>);
    return { what, document };
  };
  const many = <T>(length: number, make: (index: number) => T): T[] =>
    Array.from({ length }, (_, index) => make(index));
  const annotations = { large: 'a'.repeat(300_000) };
  return [
    changed('17 nodes', (spec) => {
      spec.units = [];
      spec.nodes = many(17, (index) => ({ name: `ct${index + 100}`, redis: { host: `10.0.0.${index}` } }));
    }),
    changed('65 units', (spec) => {
      spec.units = many(65, (index) => ({ name: `a${index}.service` }));
    }),
    changed('four megabytes', (spec) => {
      spec.units = many(1_000, (index) => ({ name: `${'a'.repeat(4_000)}${index}.service` }));
    }),
    { what: 'annotations of 300 kB', document: { ...good(), metadata: { name: 'quantshift', annotations } } },
  ];
}
