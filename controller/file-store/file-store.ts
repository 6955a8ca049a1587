import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { StoredGroup, StorePort } from '../ports/store.ts';
import { FolderWatch } from './folder-watch.ts';
import { GroupFile } from './group-file.ts';

/** The fallback for moves that no watch tells of (ms), and the pace while a file is still moving. */
const pollMs = 1_000;
const movingMs = 10;

/** A file whose document is not in force, and why. */
export interface FileProblem {
  readonly file: string;
  readonly problem: string;
}

/** Groups in one YAML file, or in all YAML files of a folder; status is kept beside each. */
export class FileStore implements StorePort {
  readonly #path: string;
  readonly #files = new Map<string, GroupFile>();
  /** Which file a group's name is in force from. */
  readonly #owners = new Map<string, GroupFile>();
  readonly #watch: FolderWatch;
  #onChange: (key: string) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookOnceMore = false;
  #stopped = false;

  constructor(path: string) {
    this.#path = resolve(path);
    this.#watch = new FolderWatch(() => this.#lookNow());
  }

  /** Rejects when the path cannot be read at all. */
  async start(onChange: (key: string) => void): Promise<void> {
    await stat(this.#path);
    await this.#look();
    // The first look may have met a file in the middle of being written.
    while (this.#lookOnceMore) {
      await delay(movingMs);
      await this.#look();
    }
    this.#onChange = onChange;
    this.#schedule(pollMs);
  }

  keys(): readonly string[] {
    return [...this.#owners.keys()];
  }

  get(key: string): StoredGroup | undefined {
    const owner = this.#owners.get(key);
    const group = owner?.group;
    if (owner === undefined || group === undefined) return undefined;
    const { status, version, problem } = owner;
    return { key, group, status, version, ...(problem === undefined ? {} : { problem }) };
  }

  /** The file that a group is in force from. */
  fileOf(key: string): string | undefined {
    return this.#owners.get(key)?.file;
  }

  /** Files that bring no group into force, and those whose newest text is not the one in force. */
  problems(): readonly FileProblem[] {
    return [...this.#files.values()].flatMap((file) => {
      const name = file.group?.metadata.name;
      const owner = name === undefined ? undefined : this.#owners.get(name);
      const twin =
        owner !== undefined && owner !== file
          ? `${file.file}: the group ${name} is in force from ${owner.file} already; give one of them another name.`
          : undefined;
      const problem = file.problem ?? twin;
      return problem === undefined ? [] : [{ file: file.file, problem }];
    });
  }

  async writeStatus(key: string, status: Status, version: string): Promise<Outcome> {
    const owner = this.#owners.get(key);
    if (owner === undefined)
      return { kind: 'refused', reason: 'NotFound', message: `There is no group ${key}.` };
    return owner.writeStatus(status, version);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#watch.close();
    await this.#looking;
  }

  #lookNow(): void {
    if (this.#looking === undefined) this.#schedule(0);
    else this.#lookOnceMore = true;
  }

  #schedule(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
        this.#schedule(this.#lookOnceMore ? movingMs : pollMs);
      });
    }, milliseconds);
  }

  async #look(): Promise<void> {
    this.#lookOnceMore = false;
    for (const file of await this.#listed())
      if (!this.#files.has(file)) this.#files.set(file, new GroupFile(file));
    const touched = new Set<string>();
    for (const file of [...this.#files.values()]) {
      const before = file.group?.metadata.name;
      const taken = await file.look(performance.now());
      if (taken === 'lookAgain') this.#lookOnceMore = true;
      if (taken === 'gone') this.#files.delete(file.file);
      if (taken === 'changed' || taken === 'gone')
        for (const name of [before, file.group?.metadata.name]) if (name !== undefined) touched.add(name);
    }
    for (const key of this.#assign()) touched.add(key);
    await this.#watch.follow(this.#watched());
    for (const key of touched) this.#onChange(key);
  }

  /** Gives every name to one file; a name in force stays where it is. The names whose file changed. */
  #assign(): string[] {
    const moved: string[] = [];
    for (const [key, owner] of [...this.#owners])
      if (!this.#files.has(owner.file) || owner.group?.metadata.name !== key) {
        this.#owners.delete(key);
        moved.push(key);
      }
    for (const file of [...this.#files.values()].sort((a, b) => (a.file < b.file ? -1 : 1))) {
      const key = file.group?.metadata.name;
      if (key === undefined || this.#owners.has(key)) continue;
      this.#owners.set(key, file);
      moved.push(key);
    }
    return moved;
  }

  async #listed(): Promise<string[]> {
    const isFolder = await stat(this.#path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) return [this.#path];
    const names = await readdir(this.#path).catch(() => []);
    return names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).map((name) => join(this.#path, name));
  }

  #watched(): string[] {
    return [...this.#files.keys(), join(this.#path, '.')];
  }
}
