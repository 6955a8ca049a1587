import { constants, userInfo } from 'node:os';
import { basename } from 'node:path';
import { splitWords } from './split-words.ts';
import { parseTimeSpan } from './time-span.ts';

const restartPolicies = ['no', 'on-failure', 'always'] as const;
type RestartPolicy = (typeof restartPolicies)[number];

/** A unit as the local host runs it: what it takes from systemd.service(5), with systemd's defaults but for the stop. */
export interface UnitDefinition {
  /** The words of ExecStart=; `$NAME` still stands in them. Never empty. */
  readonly command: readonly string[];
  /** Environment=, in order: later ones win. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** EnvironmentFile=, read at every start; they win over Environment=. */
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
  readonly workingDirectory: string;
  /** Until SIGKILL; systemd's own default of 90 s is too long for a primary that waits. */
  readonly stopSeconds: number;
  readonly killSignal: NodeJS.Signals;
  readonly restart: RestartPolicy;
  readonly restartSeconds: number;
}

export type ParsedUnit =
  | { readonly ok: true; readonly definition: UnitDefinition }
  /** `FILE:LINE: what is wrong and what would be right` */
  | { readonly ok: false; readonly problem: string };

type Draft = { -readonly [Key in keyof UnitDefinition]: UnitDefinition[Key] };

/** Takes one assignment into the draft; returns what is wrong with it. */
type Take = (draft: Draft, value: string) => string | undefined;

const notHere = (why: string): Take => {
  return (_draft, value) => (value === '' ? undefined : `is not supported on the local host: ${why}`);
};
const onlyMe = (mine: string | number, name: string): Take => {
  return (_draft, value) =>
    ['', name, String(mine)].includes(value)
      ? undefined
      : `${value}: a unit of the local host runs as the user of the controller (${name})`;
};

/** Left out silently, these would run something else than the file says: they are refused. Others are ignored. */
const serviceKeys: Readonly<Record<string, Take>> = {
  ExecStart: takeCommand,
  Environment: takeEnvironment,
  EnvironmentFile: takeEnvironmentFile,
  WorkingDirectory: takeWorkingDirectory,
  TimeoutStopSec: (draft, value) => takeSeconds(value, (seconds) => ({ stopSeconds: seconds }), draft),
  TimeoutSec: (draft, value) => takeSeconds(value, (seconds) => ({ stopSeconds: seconds }), draft),
  RestartSec: (draft, value) => takeSeconds(value, (seconds) => ({ restartSeconds: seconds }), draft),
  KillSignal: takeKillSignal,
  Restart: takeRestart,
  Type: (_draft, value) =>
    ['', 'simple', 'exec', 'notify'].includes(value)
      ? undefined
      : `${value} is not supported on the local host: the command must stay in the foreground (simple)`,
  User: (draft, value) => onlyMe(userInfo().uid, userInfo().username)(draft, value),
  Group: (draft, value) => onlyMe(userInfo().gid, userInfo().username)(draft, value),
  ExecCondition: notHere('put it into the command'),
  ExecStartPre: notHere('put it into the command'),
  ExecStartPost: notHere('put it into the command'),
  ExecStop: notHere('the unit gets KillSignal='),
  ExecStopPost: notHere('put it into the command'),
  RootDirectory: notHere('the unit runs in the ordinary file system'),
  DynamicUser: notHere('the unit runs as the user of the controller'),
};

/** Reads a unit file: the subset of systemd.service(5) that UnitDefinition has. `file` is for messages. Never throws. */
export function parseUnitFile(text: string, file: string): ParsedUnit {
  const draft: Draft = {
    command: [],
    environment: [],
    environmentFiles: [],
    workingDirectory: '/',
    stopSeconds: 10,
    killSignal: 'SIGTERM',
    restart: 'no',
    restartSeconds: 0.1,
  };
  let section = '';
  for (const { line, content } of logicalLines(text)) {
    const fault = (what: string): ParsedUnit => ({ ok: false, problem: `${file}:${line}: ${what}` });
    const header = /^\[([^\]]+)\]$/.exec(content);
    if (header !== null) {
      section = header[1] ?? '';
      continue;
    }
    const assignment = /^([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$/s.exec(content);
    if (assignment === null) return fault('is neither a [Section] nor Name=value');
    if (section === '') return fault('stands before the first [Section]');
    const [, key = '', value = ''] = assignment;
    const take = section === 'Service' && Object.hasOwn(serviceKeys, key) ? serviceKeys[key] : undefined;
    const expanded = take === undefined ? '' : expandSpecifiers(value, basename(file));
    if (expanded === undefined) return fault(`${key}= holds an unknown specifier; write %% for a %`);
    const wrong = take?.(draft, expanded);
    if (wrong !== undefined) return fault(`${key}= ${wrong}`);
  }
  if (draft.command.length === 0)
    return { ok: false, problem: `${file}: [Service] has no ExecStart=: name the program to run` };
  return { ok: true, definition: draft };
}

/** Lines without comments; one that ends with a backslash goes on in the next (systemd.syntax(7)). */
function logicalLines(text: string): { line: number; content: string }[] {
  const found: { line: number; content: string }[] = [];
  let open: { line: number; content: string } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.trim();
    if (/^[#;]/.test(content) || (content === '' && open === undefined)) continue;
    const goesOn = content.endsWith('\\');
    const part = goesOn ? content.slice(0, -1) : content;
    open =
      open === undefined
        ? { line: index + 1, content: part }
        : { ...open, content: `${open.content} ${part}` };
    if (goesOn) continue;
    found.push(open);
    open = undefined;
  }
  return open === undefined ? found : [...found, open];
}

/** The few of systemd.unit(5)'s specifiers that mean something here; undefined when there is another. */
function expandSpecifiers(value: string, unit: string): string | undefined {
  const name = unit.replace(/\.service$/, '');
  const at = name.indexOf('@');
  const known: Readonly<Record<string, string>> = {
    '%': '%',
    n: unit,
    N: name,
    p: at < 0 ? name : name.slice(0, at),
    i: at < 0 ? '' : name.slice(at + 1),
  };
  const meaning = (letter: string) => (Object.hasOwn(known, letter) ? known[letter] : undefined);
  if ([...value.matchAll(/%(.?)/gs)].some(([, letter = '']) => meaning(letter) === undefined))
    return undefined;
  return value.replace(/%(.)/gs, (_all, letter: string) => meaning(letter) ?? '');
}

function takeCommand(draft: Draft, value: string): string | undefined {
  if (value === '') {
    draft.command = [];
    return undefined;
  }
  if (draft.command.length > 0) return 'stands twice: one program a unit';
  const split = splitWords(value);
  if (!split.ok) return split.problem;
  const [program = ''] = split.words;
  if (/^[-@:+!|]/.test(program)) return `${program}: the prefix is not supported on the local host`;
  if (!program.startsWith('/')) return `${program}: must be an absolute path`;
  draft.command = split.words;
  return undefined;
}

function takeEnvironment(draft: Draft, value: string): string | undefined {
  if (value === '') {
    draft.environment = [];
    return undefined;
  }
  const split = splitWords(value);
  if (!split.ok) return split.problem;
  const pairs = split.words.map((word) => /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(word));
  // The value may be a secret: only its place is told.
  const bad = pairs.indexOf(null);
  if (bad >= 0) return `has no NAME=value in word ${bad + 1}; quote values that hold spaces`;
  const added = pairs.map((pair): readonly [string, string] => [pair?.[1] ?? '', pair?.[2] ?? '']);
  draft.environment = [...draft.environment, ...added];
  return undefined;
}

function takeEnvironmentFile(draft: Draft, value: string): string | undefined {
  if (value === '') {
    draft.environmentFiles = [];
    return undefined;
  }
  const optional = value.startsWith('-');
  const path = optional ? value.slice(1) : value;
  if (!path.startsWith('/')) return `${path}: must be an absolute path`;
  draft.environmentFiles = [...draft.environmentFiles, { path, optional }];
  return undefined;
}

function takeWorkingDirectory(draft: Draft, value: string): string | undefined {
  if (value !== '' && !value.startsWith('/')) return `${value}: must be an absolute path`;
  draft.workingDirectory = value === '' ? '/' : value;
  return undefined;
}

function takeSeconds(
  value: string,
  field: (seconds: number) => Partial<Draft>,
  draft: Draft,
): string | undefined {
  const seconds = parseTimeSpan(value);
  if (seconds === undefined) return `${value}: must be a time, such as 10, 500ms or 1min 30s`;
  Object.assign(draft, field(seconds));
  return undefined;
}

function takeKillSignal(draft: Draft, value: string): string | undefined {
  const name = value.startsWith('SIG') ? value : `SIG${value}`;
  const known = Object.entries(constants.signals).find(
    ([signal, number]) => signal === name || String(number) === value,
  );
  if (known === undefined) return `${value}: must be the name of a signal, such as SIGINT`;
  draft.killSignal = known[0] as NodeJS.Signals;
  return undefined;
}

function takeRestart(draft: Draft, value: string): string | undefined {
  const policy = restartPolicies.find((known) => known === value);
  if (policy === undefined) return `${value}: must be one of ${restartPolicies.join(', ')}`;
  draft.restart = policy;
  return undefined;
}
