import { isDeepStrictEqual } from 'node:util';
import { type Document, isAlias, isMap, isScalar, LineCounter, type Pair, Scalar, type YAMLMap } from 'yaml';
import { EditError } from './edit-error.ts';
import { yamlDocuments } from './yaml-source.ts';

type Value = string | boolean;
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}
interface Entry {
  readonly path: readonly string[];
  readonly value: Value;
}

interface Read {
  readonly map: YAMLMap;
  /** The document as plain data without shared parts; undefined when it cannot be had. */
  readonly data: unknown;
}

function plain(document: Document.Parsed): unknown {
  try {
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 64 })));
  } catch {
    return undefined;
  }
}

function read(text: string): Read {
  try {
    const [first, ...others] = yamlDocuments(text, new LineCounter(), { keepSourceTokens: true });
    if (first !== undefined && others.length === 0 && first.errors.length === 0 && isMap(first.contents)) {
      return { map: first.contents, data: plain(first) };
    }
  } catch (cause) {
    throw new EditError('Unreadable', 'the text is nested too deeply to be edited', { cause });
  }
  throw new EditError('Unreadable', 'the text is not one valid YAML map: mend it first');
}

function dataOf(text: string): unknown {
  try {
    return read(text).data;
  } catch {
    return undefined;
  }
}

function withEntry(value: unknown, { path, value: wanted }: Entry): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return wanted;
  const map = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return { ...map, [key]: withEntry(map[key], { path: rest, value: wanted }) };
}

/** Whether a text stays the same text for every YAML reader when it stands without quotes. */
function plainIsSafe(text: string): boolean {
  return /^[a-z][a-z0-9-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/.test(text);
}

function written(value: Value, style: string | null | undefined): string {
  if (typeof value === 'boolean') return String(value);
  if (style === Scalar.QUOTE_SINGLE) return `'${value.replaceAll("'", "''")}'`;
  return style === Scalar.PLAIN && plainIsSafe(value) ? value : JSON.stringify(value);
}

function colonEnd(pair: Pair): number | undefined {
  const colon = pair.srcToken?.sep?.find((token) => token.type === 'map-value-ind');
  return colon === undefined ? undefined : colon.offset + 1;
}

function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '');
}

function replacement(text: string, pair: Pair, value: Value): Splice {
  const node = pair.value;
  if (isEmpty(node)) {
    const start = colonEnd(pair);
    if (start !== undefined) return { start, end: start, text: ` ${written(value, Scalar.PLAIN)}` };
  }
  if ((!isScalar(node) && !isAlias(node)) || !node.range) {
    throw new EditError('Unsupported', `${String(pair.key)} holds no single value: edit it by hand`);
  }
  const [start, end] = node.range;
  const style = isScalar(node) ? node.type : Scalar.PLAIN;
  if (style !== Scalar.BLOCK_FOLDED && style !== Scalar.BLOCK_LITERAL) {
    return { start, end, text: written(value, style) };
  }
  // A block scalar: its header may carry a comment, and its line ends belong to it.
  const old = text.slice(start, end);
  const comment = /^[^\r\n#]*?([ \t]+#[^\r\n]*)/.exec(old)?.[1] ?? '';
  return { start, end, text: written(value, Scalar.PLAIN) + comment + (/(\r?\n)+$/.exec(old)?.[0] ?? '') };
}

/** Where the last thing in a value ends, before the comment behind it. */
function endOf(pair: Pair): number {
  const node = pair.value;
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last !== undefined) return endOf(last);
  }
  const range = (node as { range?: [number, number, number] | null } | null)?.range;
  if (isEmpty(node) || !range) {
    const key = (pair.key as { range?: [number, number, number] | null }).range;
    return colonEnd(pair) ?? key?.[1] ?? 0;
  }
  return range[1];
}

function keyText(key: string, map: YAMLMap): string {
  const first = map.items[0]?.key;
  return isScalar(first) && first.type === Scalar.QUOTE_DOUBLE ? JSON.stringify(key) : key;
}

function flowText(map: YAMLMap, [key, ...rest]: readonly string[], value: Value): string {
  const inner = rest.length === 0 ? written(value, null) : `{${flowText(map, rest, value)}}`;
  return `${keyText(key ?? '', map)}: ${inner}`;
}

function insertInFlow(map: YAMLMap, entry: Entry): Splice {
  const last = map.items.at(-1);
  const added = flowText(map, entry.path, entry.value);
  const start = last === undefined ? (map.range?.[0] ?? 0) + 1 : endOf(last);
  return { start, end: start, text: last === undefined ? added : `, ${added}` };
}

/** One line for each name, the first at `column`, each further one indented by `step` more. */
function blockLines({ path, value }: Entry, column: number, step: number): string[] {
  return path.map((key, depth) => {
    const text = `${' '.repeat(column + step * depth)}${key}:`;
    return depth === path.length - 1 ? `${text} ${written(value, null)}` : text;
  });
}

function insertInBlock(text: string, map: YAMLMap, entry: Entry): Splice {
  const [first, last] = [map.items[0], map.items.at(-1)];
  const key = first?.key;
  if (last === undefined || !isScalar(key) || !key.range) {
    throw new EditError('Unsupported', `no place was found for ${entry.path.join('.')}: edit it by hand`);
  }
  const column = key.range[0] - (text.lastIndexOf('\n', key.range[0] - 1) + 1);
  // The map itself is indented by this much against its parent, which starts at column 0 where maps are added.
  const lines = blockLines(entry, column, Math.max(column, 1));
  const eol = /\r?\n/.exec(text)?.[0] ?? '\n';
  const end = endOf(last);
  const newline = text[end - 1] === '\n' ? end - 1 : text.indexOf('\n', end);
  if (newline < 0) return { start: text.length, end: text.length, text: eol + lines.join(eol) };
  return { start: newline + 1, end: newline + 1, text: lines.join(eol) + eol };
}

function spliceFor(text: string, root: YAMLMap, entry: Entry): Splice {
  let map = root;
  for (const [depth, name] of entry.path.entries()) {
    const rest = { path: entry.path.slice(depth), value: entry.value };
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === name);
    if (pair === undefined)
      return map.flow === true ? insertInFlow(map, rest) : insertInBlock(text, map, rest);
    if (depth === entry.path.length - 1) return replacement(text, pair, entry.value);
    if (isMap(pair.value)) map = pair.value;
    else {
      const start = isEmpty(pair.value) ? colonEnd(pair) : undefined;
      if (start === undefined)
        throw new EditError('Unsupported', `${name} is no map that can be edited here`);
      return { start, end: start, text: ` {${flowText(map, rest.path.slice(1), entry.value)}}` };
    }
  }
  throw new EditError('Unsupported', 'an edit needs the name of a field');
}

/**
 * The text with one value changed and every other byte as it was; a line (or an entry of a flow map) is added
 * only when the field is missing. The result is read again: should anything else have changed, the edit is refused.
 * Throws EditError.
 */
export function setYamlValue(text: string, path: readonly string[], value: Value): string {
  const { map, data } = read(text);
  const { start, end, text: added } = spliceFor(text, map, { path, value });
  const edited = text.slice(0, start) + added + text.slice(end);
  if (data !== undefined && isDeepStrictEqual(dataOf(edited), withEntry(data, { path, value })))
    return edited;
  throw new EditError(
    'Unsupported',
    `${path.join('.')} cannot be changed without changing something else: edit it by hand`,
  );
}
