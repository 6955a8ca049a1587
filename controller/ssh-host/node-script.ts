import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnderstudyError } from '../understudy-error.ts';
import { shellCommand, shellQuote } from './shell-quote.ts';

/**
 * How the script gets to run on a host: sent along each time, or installed there as the one command that our
 * key may run.
 */
export type ScriptMode = 'piped' | 'forced';

export interface ScriptCall {
  readonly verb: string;
  readonly words: readonly string[];
  /** What the verb reads from stdin. */
  readonly input?: string;
  /** The host itself ends the script after this many seconds. */
  readonly limitSeconds: number;
}

/** Keeps the script's text from the command line, which other users of the host can read. */
const loader =
  'n=$1 t=$2; shift 2; S=$(head -c "$n") && export UNDERSTUDY_NODE_TEXT="$S" && exec timeout -k 1 "$t" sh -c "$S" understudy-node "$@"';

/** deploy/understudy-node: everything that is done on a host. */
export class NodeScript {
  readonly text: string;
  /** Another for every other text. */
  readonly version: string;

  constructor(text: string) {
    this.text = text;
    this.version = createHash('sha256').update(text).digest('hex').slice(0, 16);
  }

  /** Throws UnderstudyError when the program is not installed whole. */
  static async read(): Promise<NodeScript> {
    const file = join(import.meta.dirname, '../../deploy/understudy-node');
    try {
      return new NodeScript(await readFile(file, 'utf8'));
    } catch (cause) {
      throw new UnderstudyError('NotSupported', `${file} is missing: install Understudy anew.`, { cause });
    }
  }

  /** The command line for sshd, and what goes to its stdin. */
  command(mode: ScriptMode, user: string, call: ScriptCall): { command: string; stdin: string } {
    const { verb, words, input = '', limitSeconds } = call;
    if (mode === 'forced') return { command: ['understudy-node', verb, ...words].join(' '), stdin: input };
    const length = String(Buffer.byteLength(this.text));
    const shell = shellCommand(['sh', length, String(limitSeconds), verb, ...words]);
    const sudo = user === 'root' ? '' : 'sudo -n ';
    return { command: `${sudo}sh -c ${shellQuote(loader)} ${shell}`, stdin: this.text + input };
  }
}
