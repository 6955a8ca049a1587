import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt } from '../lab/command.ts';
import type { LabCluster } from './lab-cluster.ts';

const root = join(import.meta.dirname, '../..');
/** What a clone has of it that the page uses. */
const cloned = ['deploy', 'controller', 'crd', 'reconcilers', 'package.json', 'package-lock.json'];

/** The reader's own machine: a clone of this repository, kubectl, and a key that opens the hosts as root. */
export class OwnDesk {
  readonly #folder = mkdtempSync(join(tmpdir(), 'understudy-desk-'));
  readonly #cluster: LabCluster;

  constructor(cluster: LabCluster) {
    this.#cluster = cluster;
    for (const name of cloned) cpSync(join(root, name), join(this.clone, name), { recursive: true });
    // As bootstrap.sh makes them: nothing is fetched twice.
    for (const name of ['node_modules', '.cache']) symlinkSync(join(root, name), join(this.clone, name));
    mkdirSync(join(this.#folder, '.ssh'), { mode: 0o700 });
    cpSync(cluster.lab.privateKeyFile, join(this.#folder, '.ssh', 'id_ed25519'));
  }

  get clone(): string {
    return join(this.#folder, 'clone');
  }

  /** Throws when it makes no difference: the page says that it does. */
  edit(path: string, change: (text: string) => string): void {
    const file = join(this.clone, path);
    const text = readFileSync(file, 'utf8');
    const edited = change(text);
    if (edited === text) throw new Error(`there is nothing to edit in ${path}`);
    writeFileSync(file, edited);
  }

  /** Runs a block as it stands, in the clone; `pasted`: what the reader gives by hand. Resolves to all that is printed. */
  async run(script: string, pasted = ''): Promise<string> {
    const env = { ...process.env, HOME: this.#folder, KUBECONFIG: this.#cluster.server.kubeconfig };
    const argv = ['bash', '-c', `exec 2>&1; set -e; cd '${this.clone}'\n${script}`];
    const { code, stdout } = await attempt(this.#cluster.lab.enter(argv), { env, input: pasted });
    if (code !== 0) throw new Error(`exit ${code} of\n${script}\n${stdout}`);
    return stdout;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
