import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../../crd/status.ts';
import type { Outcome } from '../../reconcilers/action.ts';
import type { StoredGroup, StorePort } from '../ports/store.ts';
import { FolderWatch } from './folder-watch.ts';
import { GroupFile } from './group-file.ts';
import { statusFileOf } from './status-file.ts';

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
  /** Files left out because another one has the place of their status. */
  #shadowed: readonly FileProblem[] = [];
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
    const { status, version } = owner;
    const problem = this.#problemOf(owner);
    return { key, group, status, version, ...(problem === undefined ? {} : { problem }) };
  }

  /** The log tells of a file that brings no group into force: there is no status to tell it in. */
  rejected(): undefined {
    return undefined;
  }

  /** A file that is removed takes its group with it: what its nodes' leases do then is their own business. */
  async claim(): Promise<Outcome> {
    return { kind: 'done' };
  }

  async letGo(): Promise<Outcome> {
    return { kind: 'done' };
  }

  /** The file that a group is in force from. */
  fileOf(key: string): string | undefined {
    return this.#owners.get(key)?.file;
  }

  /** Files that bring no group into force, and those whose newest text is not the one in force. */
  problems(): readonly FileProblem[] {
    const told = [...this.#files.values()].flatMap((file) => {
      const problem = this.#problemOf(file);
      return problem === undefined ? [] : [{ file: file.file, problem }];
    });
    return [...told, ...this.#shadowed].sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  /** What is wrong with the file itself, and which others define the same group: both sides are told. */
  #problemOf(file: GroupFile): string | undefined {
    const name = file.group?.metadata.name;
    const owner = name === undefined ? undefined : this.#owners.get(name);
    const twins = [...this.#files.values()]
      .filter((other) => other !== file && other.group?.metadata.name === name)
      .map((other) => other.file);
    const twin =
      owner === undefined || twins.length === 0
        ? undefined
        : `${file.file}: the group ${name} stands in ${twins.join(', ')} too, and is in force from ${owner.file}: give one of them another name.`;
    const problems = [file.problem, twin].filter((problem) => problem !== undefined);
    return problems.length === 0 ? undefined : problems.join('\n');
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
    // Of two files with one name, the one that was in force before this controller has a status beside it.
    const rank = (file: GroupFile) => `${file.hasStatus ? 0 : 1}${file.file}`;
    for (const file of [...this.#files.values()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))) {
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
    const files = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).map((name) => join(this.#path, name));
    const first = new Map<string, string>();
    for (const file of files.sort()) first.set(statusFileOf(file), first.get(statusFileOf(file)) ?? file);
    const shadowed = files.filter((file) => first.get(statusFileOf(file)) !== file);
    this.#shadowed = shadowed.map((file) => ({
      file,
      problem: `${file}: would keep its status where ${first.get(statusFileOf(file))} does: give it another name.`,
    }));
    return [...first.values()];
  }

  #watched(): string[] {
    return [...this.#files.keys(), join(this.#path, '.')];
  }
}
