import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface FileOptions {
  /** 0644 if not told. */
  readonly mode?: number;
  /** A user of the base's /etc/passwd and a group of its /etc/group; root if not told. */
  readonly owner?: string;
  readonly group?: string;
}

/**
 * Writes files onto a host's own disk while the host is off. The disk is the upper layer of an overlay, so
 * each folder on the way must look as it does in the base: its owner and mode hide those below.
 */
export class HostDisk {
  readonly folder: string;
  readonly #base: string;

  constructor(folder: string, base: string) {
    this.folder = folder;
    this.#base = base;
  }

  /** The text of a file as the host sees it. */
  read(path: string): string {
    const own = join(this.folder, path);
    return readFileSync(existsSync(own) ? own : join(this.#base, path), 'utf8');
  }

  write(
    path: string,
    text: string,
    { mode = 0o644, owner = 'root', group = 'root' }: FileOptions = {},
  ): void {
    const file = join(this.folder, path);
    this.makeFolder(dirname(path));
    writeFileSync(file, text, { mode });
    chownSync(file, this.#id('passwd', owner), this.#id('group', group));
    chmodSync(file, mode);
  }

  link(path: string, target: string): void {
    const file = join(this.folder, path);
    this.makeFolder(dirname(path));
    symlinkSync(target, file);
    lchownSync(file, 0, 0);
  }

  /** A unit that is never to start. */
  mask(unit: string): void {
    this.link(`/etc/systemd/system/${unit}`, '/dev/null');
  }

  makeFolder(path: string): void {
    const folder = join(this.folder, path);
    if (existsSync(folder)) return;
    if (path !== '/') this.makeFolder(dirname(path));
    mkdirSync(folder, { recursive: true });
    const below = join(this.#base, path);
    const like = existsSync(below) ? lstatSync(below) : { uid: 0, gid: 0, mode: 0o755 };
    chownSync(folder, like.uid, like.gid);
    chmodSync(folder, like.mode & 0o7777);
  }

  #id(table: 'passwd' | 'group', name: string): number {
    const rows = readFileSync(join(this.#base, 'etc', table), 'utf8').split('\n');
    const id = rows.find((row) => row.startsWith(`${name}:`))?.split(':')[2];
    if (id === undefined) throw new Error(`the base has no ${name} in /etc/${table}`);
    return Number(id);
  }
}
