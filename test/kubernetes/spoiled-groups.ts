import { parse, parseAllDocuments } from 'yaml';
import { badGroups, goodGroup } from '../crd/bad-groups.ts';

/** A document that a person might apply by mistake, or somebody on purpose. */
export interface Spoiled {
  readonly what: string;
  readonly document: Record<string, unknown>;
}

type Path = readonly (string | number)[];

/** What a field is replaced with. */
const replacements: readonly (readonly [what: string, value: unknown])[] = [
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

/** The rows of the parser's own table, as far as their text is YAML of one map; then every field of a good group spoiled in every way. */
export function spoiledGroups(): Spoiled[] {
  return [...fromTable(), ...paths(good()).flatMap((path) => replaced(path))];
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
    return isMap ? [{ what, document: value as Record<string, unknown> }] : [];
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
    parent[path.at(-1) ?? ''] = value;
    return { what: `${path.join('.')} is ${what}`, document };
  });
}
