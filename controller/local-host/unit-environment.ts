import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { HostFault, wordsOf } from './host-fault.ts';
import type { UnitDefinition } from './unit-file.ts';
import type { UnitPlace } from './unit-folder.ts';

/**
 * The environment of a unit: systemd's own few variables, Environment=, EnvironmentFile=. Nothing of the
 * controller's: its own may hold passwords. Throws UnitInvalid when a file cannot be read.
 */
export function environmentOf(unit: UnitDefinition, place: UnitPlace): Readonly<Record<string, string>> {
  const { username, homedir, shell } = userInfo();
  const files = unit.environmentFiles.flatMap(({ path, optional }) => readEnvironmentFile(path, optional));
  const marker = place.marker.indexOf('=');
  return Object.fromEntries([
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['LANG', 'C.UTF-8'],
    ['HOME', homedir],
    ['USER', username],
    ['LOGNAME', username],
    ['SHELL', shell ?? '/bin/sh'],
    ...unit.environment,
    ...files,
    [place.marker.slice(0, marker), place.marker.slice(marker + 1)],
  ]);
}

/** `$NAME` as a word of its own is split at spaces, `${NAME}` is put in as it is, `$$` is a dollar (systemd.service(5)). */
export function expandWords(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): readonly string[] {
  const variable = (name: string): string => environment[name] ?? '';
  return words.flatMap((word) => {
    const alone = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word);
    if (alone !== null)
      return variable(alone[1] ?? '')
        .split(/\s+/)
        .filter((part) => part !== '');
    return [
      word.replace(/\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\})/g, (all, name) =>
        all === '$$' ? '$' : variable(name),
      ),
    ];
  });
}

function readEnvironmentFile(path: string, optional: boolean): [string, string][] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (optional && (cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new HostFault('UnitInvalid', `EnvironmentFile=${path}: ${wordsOf(cause)}`, { cause });
  }
  return text.split(/\r?\n/).flatMap((raw, index): [string, string][] => {
    const line = raw.trim();
    if (line === '' || /^[#;]/.test(line)) return [];
    const pair = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line);
    if (pair === null) throw new HostFault('UnitInvalid', `${path}:${index + 1}: is not NAME=value`);
    return [[pair[1] ?? '', unquoted(pair[2] ?? '')]];
  });
}

function unquoted(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted === null ? value : (quoted[2] ?? '');
}
