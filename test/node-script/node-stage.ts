import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stubCommands } from './stub-commands.ts';

const repository = join(import.meta.dirname, '../..');
const scriptFile = join(repository, 'deploy/understudy-node');
const installer = join(repository, 'deploy/understudy-node-install');

/** The shells that the script is written for, as argument lists. */
export const shells: readonly (readonly string[])[] = [['dash'], ['busybox', 'sh']];

export const bootId = '0b8b9d6c-52a5-4e5a-9f6b-0d9d3a0f6c11';
export const group = 'quantshift';
export const lock = `run/understudy/${group}/lock`;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A machine made of files and stub commands, on which deploy/understudy-node is run for real. */
export class NodeStage {
  readonly folder: string;
  readonly root: string;
  readonly #shell: readonly string[];
  readonly #script: string;

  private constructor(folder: string, shell: readonly string[], script: string) {
    this.folder = folder;
    this.root = join(folder, 'root');
    this.#shell = shell;
    this.#script = script;
  }

  static async set(shell: readonly string[]): Promise<NodeStage> {
    const folder = await mkdtemp(join(tmpdir(), 'understudy-node-'));
    const stage = new NodeStage(folder, shell, await readFile(scriptFile, 'utf8'));
    for (const [name, content] of Object.entries(stubCommands)) await stage.command(name, `${content}\n`);
    await mkdir(join(folder, 'state/after'), { recursive: true });
    await mkdir(join(folder, 'root/var/lib'), { recursive: true });
    await stage.uptime(1000);
    await stage.put('root/proc/sys/kernel/random/boot_id', `${bootId}\n`);
    return stage;
  }

  async strike(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  /** As the adapter's piped text runs. */
  async run(words: readonly string[], { stdin = '', env = {} }: RunOptions = {}): Promise<Ended> {
    const all = { UNDERSTUDY_NODE_TEXT: this.#script, ...this.#surroundings(), ...env };
    return this.#sh([scriptFile, ...words], { stdin, env: all });
  }

  /** deploy/understudy-node-install; by default it is given the real script to install. */
  async install(words: readonly string[], key: string, script = this.#script): Promise<Ended> {
    return this.#sh([installer, ...words], { stdin: `${key}\n${script}`, env: this.#surroundings() });
  }

  #surroundings() {
    return { UNDERSTUDY_ROOT: this.root, UNDERSTUDY_PATH: join(this.folder, 'stubs') };
  }

  /** As sshd's forced command runs, on this machine of files: only a copy of the script knows where that is. */
  async forced(command: string, { stdin = '', env = {} }: RunOptions = {}): Promise<Ended> {
    const parts = this.#script.split("  root=''\n");
    if (parts.length !== 2) throw new Error("the script has no line root=''");
    const copy = join(this.folder, 'understudy-node');
    const here = `  root='${this.root}' PATH='${join(this.folder, 'stubs')}':$PATH\n`;
    await writeFile(copy, parts.join(here));
    return this.#sh([copy, '--forced'], { stdin, env: { SSH_ORIGINAL_COMMAND: command, ...env } });
  }

  /** The very file, as sshd would run it on the machine that the tests run on. */
  async reallyForced(command: string, env: Readonly<Record<string, string>>): Promise<Ended> {
    return this.#sh([scriptFile, '--forced'], { env: { SSH_ORIGINAL_COMMAND: command, ...env } });
  }

  async put(path: string, content: string): Promise<void> {
    const file = join(this.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  /** Stands in for a command of the machine's. */
  async command(name: string, content: string): Promise<void> {
    await this.put(`stubs/${name}`, content);
    await chmod(join(this.folder, 'stubs', name), 0o755);
  }

  /** undefined: there is none. */
  async get(path: string): Promise<string | undefined> {
    return readFile(join(this.folder, path), 'utf8').catch(() => undefined);
  }

  /** `on-start` and the like: what systemctl does instead of the usual, run in the unit's folder. */
  async unit(name: string, state = 'inactive', files: Readonly<Record<string, string>> = {}): Promise<void> {
    const all = { LoadState: 'loaded', ActiveState: state, ...files };
    for (const [file, value] of Object.entries(all))
      await this.put(`state/units/${name}/${file}`, `${value}\n`);
  }

  async stateOf(unit: string): Promise<string> {
    return ((await this.get(`state/units/${unit}/ActiveState`)) ?? '').trim();
  }

  async hasPermit(unit: string): Promise<boolean> {
    return (await this.get(`root/run/understudy/${group}/permits/${unit}`)) !== undefined;
  }

  async uptime(seconds: number): Promise<void> {
    await this.put('root/proc/uptime', `${seconds.toFixed(2)} 5.00\n`);
  }

  /** What was called, but for looks at units. */
  async called(): Promise<string[]> {
    return ((await this.get('state/log')) ?? '')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('systemctl show'));
  }

  async #sh(words: readonly string[], { stdin = '', env = {} }: RunOptions): Promise<Ended> {
    const [program = 'sh', ...flags] = this.#shell;
    const PATH = [process.env.PATH, join(repository, '.cache/bin')].join(delimiter);
    const child = spawn(program, [...flags, ...words], { env: { PATH, ...env } });
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    const code = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, stdout, stderr };
  }
}

/** The last line of a whole reply. */
export function verdict({ code, stdout, stderr }: Ended): string {
  const lines = stdout.split('\n');
  if (code !== 0 || lines[0] !== 'understudy-node 2' || lines.at(-1) !== '')
    return `no reply: ${code} ${stdout} ${stderr}`;
  return lines.at(-2) ?? '';
}
