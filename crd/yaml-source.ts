import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  YAMLError,
} from 'yaml';
import type { Path } from './problem.ts';

interface Position {
  readonly line: number;
  readonly column: number;
}

/** A text that could not be read as one YAML document, and where. */
interface YamlFault extends Position {
  readonly message: string;
}

/** One YAML document with the way back from a path to its place in the text. */
interface YamlSource {
  readonly value: unknown;
  /** The place of a field's name or list entry; of the nearest parent that is there when it is missing. */
  locate(path: Path): Position;
}

export type YamlReading =
  | { readonly ok: true; readonly source: YamlSource }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

// Kubernetes stores no object larger than about this either.
const largestTextBytes = 1_048_576;
// Enough for shared anchors in a hand-written file, far too few for an alias bomb.
const mostAliases = 64;

/** The YAML package's own texts may repeat parts of the file, which may be secret: these do not. */
const messages: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this name stands twice in the same map: take one out',
  TAB_AS_INDENT: 'a tab: YAML is indented with spaces only',
  BAD_ALIAS:
    'an alias (*name) without its anchor (&name); put the text in quotes if it is meant to begin with *',
  BAD_INDENT: 'the indentation does not fit the lines before it, or a bracket or quote there is not closed',
  MISSING_CHAR: 'a quote, bracket, comma or colon is missing here or before',
  MULTILINE_IMPLICIT_KEY: 'a name ends within its line with a colon: is one missing here?',
  BLOCK_AS_IMPLICIT_KEY:
    'two values on one line, or the indentation does not fit: put the text in quotes if it has a colon',
  TAG_RESOLVE_FAILED:
    'a tag (!name) that means nothing here; put the text in quotes if it is meant to begin with !',
  BAD_SCALAR_START: 'no text may begin with this character: put it in quotes',
  BAD_DQ_ESCAPE: 'an escape (\\…) that is not known; use single quotes for a text with backslashes',
  UNEXPECTED_TOKEN: 'something stands here that cannot: look for a stray bracket, quote or indentation',
  KEY_OVER_1024_CHARS: 'a name of more than 1024 characters',
};

// After any other error the rest of the text is read wrongly, so that more of them would only confuse.
const standAlone: readonly string[] = ['DUPLICATE_KEY', 'BAD_ALIAS', 'TAG_RESOLVE_FAILED', 'BAD_DQ_ESCAPE'];

function worthTelling(errors: readonly YAMLError[]): readonly YAMLError[] {
  const sorted = [...errors].sort((a, b) => a.pos[0] - b.pos[0]);
  const fatal = sorted.findIndex(({ code }) => !standAlone.includes(code));
  return fatal < 0 ? sorted : sorted.slice(0, fatal + 1);
}

function describe(error: unknown, counter: LineCounter): YamlFault {
  if (error instanceof YAMLError) {
    const { line, col } = counter.linePos(error.pos[0]);
    const message = messages[error.code] ?? `not valid YAML (${error.code})`;
    return { line: Math.max(line, 1), column: Math.max(col, 1), message };
  }
  return { line: 1, column: 1, message: 'nested too deeply or too large to be read' };
}

function firstAlias(document: Document.Parsed, counter: LineCounter): Position {
  let start = 0;
  const look = (node: unknown): boolean => {
    if (isAlias(node)) {
      start = node.range?.[0] ?? 0;
      return true;
    }
    if (isMap(node)) return node.items.some((pair) => look(pair.key) || look(pair.value));
    return isSeq(node) && node.items.some(look);
  };
  look(document.contents);
  const { line, col } = counter.linePos(start);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** The offset that a path leads to, and the offset of what stands around it. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => String(isScalar(item.key) ? item.key.value : item.key) === String(key),
      );
      if (pair === undefined) return offset;
      if (isScalar(pair.key) || isCollection(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === 'number' && key < node.items.length) {
      node = node.items[key];
      const range = (node as { range?: [number, number, number] | null } | null)?.range;
      offset = range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}

function fault(message: string, position: Position = { line: 1, column: 1 }): YamlReading {
  return { ok: false, faults: [{ ...position, message }] };
}

function readDocument(document: Document.Parsed, counter: LineCounter): YamlReading {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliases });
  } catch {
    return fault(
      `aliases (*name) stand for more than a group can need: write it out`,
      firstAlias(document, counter),
    );
  }
  const locate = (path: Path): Position => {
    const { line, col } = counter.linePos(offsetOf(document, path));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (!isMap(document.contents)) {
    return fault('must be a map with apiVersion, kind, metadata and spec', locate([]));
  }
  return { ok: true, source: { value, locate } };
}

/** Parses a text into its documents, leaving out those with nothing in them. Throws RangeError on absurd nesting. */
export function yamlDocuments(
  text: string,
  counter: LineCounter,
  options: { readonly keepSourceTokens?: boolean } = {},
): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, {
    lineCounter: counter,
    prettyErrors: false,
    logLevel: 'silent',
    ...options,
  });
  // With nothing in the text there is an empty list that is no array of documents.
  return [...documents].filter(({ contents, errors }) => {
    const nothing =
      contents === null || (isScalar(contents) && contents.value === null && contents.source === '');
    return !nothing || errors.length > 0;
  });
}

/** Reads a text that must hold exactly one YAML map. Never throws; every syntax error is told with its place. */
export function readYaml(text: string): YamlReading {
  if (Buffer.byteLength(text) > largestTextBytes) return fault('the file is larger than 1 MiB');
  const counter = new LineCounter();
  let documents: readonly Document.Parsed[];
  try {
    documents = yamlDocuments(text, counter);
  } catch (error) {
    return { ok: false, faults: [describe(error, counter)] };
  }
  const [first, second] = documents;
  if (first === undefined) return fault('the file is empty: it must hold one FailoverGroup');
  const errors = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  if (errors.length > 0)
    return { ok: false, faults: worthTelling(errors).map((error) => describe(error, counter)) };
  if (second !== undefined) {
    const { line, col } = counter.linePos(second.contents?.range?.[0] ?? second.range[0]);
    return fault('a second document: put each group into a file of its own', { line, column: col });
  }
  return readDocument(first, counter);
}
