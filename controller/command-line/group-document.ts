import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import { nearest } from '../../crd/nearest-name.ts';
import { formatProblem, type ParsedGroup, parseFailoverGroup } from '../../crd/parse.ts';
import { UnderstudyError } from '../understudy-error.ts';

/** One group's file as it is now. */
export interface GroupDocument {
  /** What --file names: the file, or the folder that it is in. */
  readonly path: string;
  readonly file: string;
  readonly folder: string;
  readonly group: FailoverGroup;
}

export interface GroupChoice {
  /** --file: a file or a folder. */
  readonly file: string;
  /** --group: its name, when a folder holds several. */
  readonly group?: string | undefined;
}

interface ReadDocument {
  readonly file: string;
  readonly parsed: ParsedGroup;
}

/** The file that is meant when --file is not given. */
export function defaultFile(env: NodeJS.ProcessEnv): string {
  return env.UNDERSTUDY_FILE !== undefined && env.UNDERSTUDY_FILE !== ''
    ? env.UNDERSTUDY_FILE
    : './failovergroup.yaml';
}

/** Finds and reads the group that is meant. Throws UnderstudyError (GroupInvalid) with every problem and its line. */
export async function readGroup(choice: GroupChoice): Promise<GroupDocument> {
  const path = resolve(choice.file);
  const { isFolder, documents } = await readDocuments(path);
  const good = documents.flatMap(({ file, parsed }) => (parsed.ok ? [{ file, group: parsed.group }] : []));
  const wanted = choice.group;
  const named = good.filter(({ group }) => wanted === undefined || group.metadata.name === wanted);
  const [found, second] = named;
  if (found === undefined) throw notFound(path, documents, wanted);
  if (second !== undefined) throw several(path, named);
  return { path, ...found, folder: isFolder ? path : dirname(path) };
}

/** Reads every YAML file that the path names. Throws UnderstudyError when there is nothing to read. */
export async function readDocuments(
  path: string,
): Promise<{ isFolder: boolean; documents: readonly ReadDocument[] }> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const names = isFolder ? (await readdir(path)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort() : [];
    const files = isFolder ? names.map((name) => join(path, name)) : [path];
    const documents = files.map(async (file) => ({
      file,
      parsed: parseFailoverGroup(await readFile(file, 'utf8'), file),
    }));
    return { isFolder, documents: await Promise.all(documents) };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const message =
      code === 'ENOENT'
        ? `${path} does not exist. Name the group's file (or its folder) with --file or $UNDERSTUDY_FILE.`
        : `${path} cannot be read (${code ?? 'unknown error'}).`;
    throw new UnderstudyError('GroupInvalid', message, { cause });
  }
}

/** What is wrong with the documents, a line for each problem. */
export function problemLines(documents: readonly ReadDocument[]): string[] {
  return documents.flatMap(({ parsed }) => (parsed.ok ? [] : parsed.problems.map(formatProblem)));
}

function notFound(path: string, documents: readonly ReadDocument[], wanted?: string): UnderstudyError {
  const problems = problemLines(documents);
  const names = documents.flatMap(({ parsed }) => (parsed.ok ? [parsed.group.metadata.name] : []));
  if (wanted !== undefined && names.length > 0) {
    const meant = nearest(wanted, names);
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
    const first = `${path} holds no group ${wanted}, only ${names.join(', ')}.${hint}`;
    return new UnderstudyError('GroupInvalid', [first, ...problems].join('\n'));
  }
  const text = problems.length === 0 ? `${path} holds no YAML file with a group.` : problems.join('\n');
  return new UnderstudyError('GroupInvalid', text);
}

function several(path: string, found: readonly { file: string; group: FailoverGroup }[]): UnderstudyError {
  const names = found.map(({ group }) => group.metadata.name);
  const message =
    new Set(names).size === 1
      ? `${found.map(({ file }) => file).join(' and ')} hold the same group ${names[0]}: take one away.`
      : `${path} holds several groups: say which one with --group (${names.join(', ')}).`;
  return new UnderstudyError('GroupInvalid', message);
}
