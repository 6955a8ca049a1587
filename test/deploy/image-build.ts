import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type ImageStage, ignores, stagesOf } from './dockerfile.ts';

/** Where the image has the program: the one folder that its steps may work in. */
const home = '/opt/understudy';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  user: string;
  readonly env: Record<string, string>;
}

interface Confinement {
  readonly network: boolean;
  /** The whole file system is read-only, but for this folder, which is at /srv. */
  readonly writable?: string;
}

/**
 * What `docker build` would do, in a folder: each stage is what it has at /opt/understudy, and the machine's own
 * system takes the part of the base image. Needs root, for a file system and a network of its own.
 */
export class ImageBuild {
  readonly #context: string;
  readonly #folder: string;
  readonly #stages: readonly ImageStage[];
  #entry: readonly string[] = [];
  #last: Surroundings = { user: 'root', env: {} };

  /** `node`: the binary that takes the part of the image's own. */
  constructor(terms: { readonly context: string; readonly folder: string; readonly node: string }) {
    this.#context = terms.context;
    this.#folder = terms.folder;
    this.#stages = stagesOf(readFileSync(join(terms.context, 'Dockerfile'), 'utf8'));
    // The image's user has to get at all this.
    chmodSync(terms.folder, 0o755);
    mkdirSync(this.#programs);
    copyFileSync(terms.node, join(this.#programs, 'node'));
  }

  /** What the image has at /opt/understudy. */
  get root(): string {
    return join(this.#folder, `stage-${this.#stages.length - 1}`);
  }

  get entry(): readonly string[] {
    return this.#entry;
  }

  get user(): string {
    return this.#last.user;
  }

  /** Every step of every stage; the network is there for `npm install` alone. Throws at the first that fails. */
  async run(npm: string): Promise<void> {
    const script = `#!/bin/sh\nexec node ${npm} "$@"\n`;
    writeFileSync(join(this.#programs, 'npm'), script, { mode: 0o755 });
    for (const [index, stage] of this.#stages.entries()) {
      mkdirSync(join(this.#folder, `stage-${index}`));
      this.#last = { user: 'root', env: {} };
      for (const { name, text: words } of stage.instructions) await this.#step(index, name, words);
    }
  }

  /** Starts the image as process 1 of a container whose network is not there. */
  start(args: readonly string[], writable: string): ChildProcess {
    const command = this.#entry.map((word) => `'${word}'`).join(' ');
    const quoted = args.map((word) => `'${word}'`).join(' ');
    return this.#spawn(this.root, `exec ${command} ${quoted}`, { network: false, writable });
  }

  get #programs(): string {
    return join(this.#folder, 'bin');
  }

  async #step(index: number, name: string, words: string): Promise<void> {
    const stage = join(this.#folder, `stage-${index}`);
    switch (name) {
      case 'WORKDIR':
        if (words !== home) throw new Error(`WORKDIR ${words} is not understood here`);
        return;
      case 'COPY':
        return this.#copy(stage, words);
      case 'USER':
        this.#last.user = words;
        return;
      case 'ENV':
        for (const pair of words.split(' ')) {
          const [key = '', value = ''] = pair.split('=');
          this.#last.env[key] = value;
        }
        return;
      case 'RUN': {
        const ended = await endOf(this.#spawn(stage, words, { network: words.startsWith('npm install') }));
        if (ended.code !== 0) throw new Error(`RUN ${words}\n${ended.stdout}${ended.stderr}`);
        return;
      }
      case 'ENTRYPOINT':
        this.#entry = JSON.parse(words) as string[];
        return;
      case 'CMD':
      case 'EXPOSE':
        return;
      default:
        throw new Error(`${name} is not understood here`);
    }
  }

  #copy(stage: string, words: string): void {
    const [, from, rest = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(words) ?? [];
    const sources = rest.split(' ');
    const to = resolve(stage, sources.pop() ?? '');
    if (from !== undefined) {
      if (sources.join() !== home) throw new Error(`COPY ${words} is not understood here`);
      const index = this.#stages.findIndex(({ name }) => name === from);
      cpSync(join(this.#folder, `stage-${index}`), to, { recursive: true, verbatimSymlinks: true });
      return;
    }
    const ignored = ignores(readFileSync(join(this.#context, '.dockerignore'), 'utf8'));
    for (const source of sources)
      for (const file of filesOf(this.#context, source).filter((path) => !ignored(path))) {
        const isFolder = statSync(join(this.#context, source)).isDirectory();
        const place = join(to, isFolder ? file.slice(source.length + 1) : file);
        mkdirSync(dirname(place), { recursive: true });
        cpSync(join(this.#context, file), place);
      }
  }

  #spawn(stage: string, command: string, { network, writable }: Confinement): ChildProcess {
    const [uid = '0', gid = uid] = this.#last.user === 'root' ? [] : this.#last.user.split(':');
    const script = [
      'set -e; mount -t tmpfs -o mode=755 tmpfs /opt; mkdir /opt/understudy; mount --bind "$1" /opt/understudy',
      ...(writable === undefined
        ? []
        : [
            `mount --bind '${writable}' /srv; for m in / /opt /opt/understudy; do mount -o remount,bind,ro $m; done`,
          ]),
      'cd /opt/understudy; exec setpriv --reuid "$2" --regid "$3" --clear-groups sh -c "$4"',
    ].join('; ');
    const alone = [
      ...(network ? [] : ['--net']),
      ...(writable === undefined ? [] : ['--pid', '--fork', '--kill-child']),
    ];
    return spawn('unshare', ['--mount', ...alone, 'sh', '-c', script, 'sh', stage, uid, gid, command], {
      env: {
        ...process.env,
        // As in a base image: npm has fetched nothing before.
        npm_config_cache: join(this.#folder, 'npm-cache'),
        ...this.#last.env,
        PATH: `${this.#programs}:${process.env.PATH}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

/** Process 1 of what was started, by its number here: unshare's only child. */
export function firstProcess(started: ChildProcess): number {
  const [first] = readFileSync(`/proc/${started.pid}/task/${started.pid}/children`, 'utf8').split(' ');
  return Number(first);
}

/** Everything that a process said, and how it ended. */
export async function endOf(child: ChildProcess): Promise<Ended> {
  const said = [child.stdout, child.stderr].map((stream) => text(stream as Readable));
  const [[code], stdout = '', stderr = ''] = await Promise.all([once(child, 'close'), ...said]);
  return { code, stdout, stderr };
}

/** A file itself, or all files under a folder; paths from `folder`. */
export function filesOf(folder: string, path: string): string[] {
  if (!statSync(join(folder, path)).isDirectory()) return [path];
  return readdirSync(join(folder, path), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
