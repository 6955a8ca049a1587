import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { resolve } from 'node:path';
import type { FailoverGroup, SecretSource } from '../crd/failover-group.ts';
import type { SecretsPort, SecretValue } from './ports/secrets.ts';
import type { SecretSurroundings } from './resolve-secret.ts';
import { resolveSecret, withoutNewline } from './resolve-secret.ts';
import { Secret } from './secret.ts';
import { sourcesOf } from './secret-sources.ts';

/** A file that is read again when it was changed: by its target's time and size, so that swapped links are seen. */
const lookMs = 1_000;
/** What stands in it counts once it stands there for so long (ms): it may be half of what is being written. */
const settleMs = 250;

/** One file that some group names. */
interface Watched {
  value: string;
  former: string | undefined;
  /** Counts its changes. */
  changes: number;
  readonly stop: () => void;
}

/** Secrets in files, which are watched, and in environment variables, which cannot change. */
export class FileSecrets implements SecretsPort {
  readonly #surroundings: SecretSurroundings;
  readonly #watched = new Map<string, Watched>();
  #listener: () => void = () => undefined;

  constructor(surroundings: SecretSurroundings) {
    this.#surroundings = surroundings;
  }

  async read(source: SecretSource, { field }: { readonly field: string }): Promise<SecretValue> {
    const current = await resolveSecret(source, field, this.#surroundings);
    if (source.file === undefined) return { current };
    const watched = this.#watch(resolve(this.#surroundings.folder, source.file), current.reveal());
    return watched.former === undefined ? { current } : { current, former: new Secret(watched.former) };
  }

  version({ spec }: FailoverGroup): string {
    const changes = sourcesOf(spec).map(({ file }) =>
      file === undefined ? 0 : (this.#watched.get(resolve(this.#surroundings.folder, file))?.changes ?? 0),
    );
    return changes.join(' ');
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#listener = () => undefined;
    for (const { stop } of this.#watched.values()) stop();
    this.#watched.clear();
  }

  #watch(file: string, value: string): Watched {
    const known = this.#watched.get(file);
    if (known !== undefined) {
      this.#note(known, value);
      return known;
    }
    const look = (): void => this.#look(file);
    watchFile(file, { interval: lookMs, persistent: false }, look);
    const watched: Watched = { value, former: undefined, changes: 0, stop: () => unwatchFile(file, look) };
    this.#watched.set(file, watched);
    return watched;
  }

  #look(file: string): void {
    const watched = this.#watched.get(file);
    const text = textIn(file);
    if (watched === undefined || text === undefined || text === watched.value) return;
    setTimeout(() => {
      // Closed meanwhile, or it moves on: then another look comes.
      if (this.#watched.get(file) !== watched || textIn(file) !== text) return;
      if (this.#note(watched, text)) this.#listener();
    }, settleMs).unref();
  }

  #note(watched: Watched, value: string): boolean {
    if (value === watched.value) return false;
    watched.former = watched.value;
    watched.value = value;
    watched.changes += 1;
    return true;
  }
}

/** Nothing when it is empty or gone, for the moment or for good: whoever needs it is told when it is read. */
function textIn(file: string): string | undefined {
  try {
    return withoutNewline(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}
