import { setTimeout as delay } from 'node:timers/promises';
import { UnderstudyError } from '../understudy-error.ts';
import type { ExitCode as Code } from './exit-code.ts';
import { ExitCode } from './exit-code.ts';
import type { GroupChoice } from './group-document.ts';
import { readGroup } from './group-document.ts';
import { Looker } from './look.ts';
import { isReady } from './render/headline.ts';
import { statusText } from './render/status-text.ts';
import type { Terminal } from './terminal.ts';

const everyMs = 1_000;
// ECMA-48 and xterm: alternate screen, no cursor, no wrapping; home, clear to the end of the line, clear below.
const screen = {
  open: '\u001b[?1049h\u001b[?25l\u001b[?7l',
  home: '\u001b[H',
  clearLine: '\u001b[K',
  clearBelow: '\u001b[J',
  close: '\u001b[?7h\u001b[?25h\u001b[?1049l',
};

/** Shows the status anew every second until q or Ctrl-C. The code is that of the last look. */
export async function watchStatus(terminal: Terminal, choice: GroupChoice): Promise<Code> {
  const ended = new AbortController();
  const release = terminal.isInteractive ? listenForEnd(ended) : () => undefined;
  if (terminal.isInteractive) terminal.out(screen.open);
  let last: { text: string; code: Code } = { text: '', code: ExitCode.failed };
  const source = new LookSource(choice);
  try {
    while (!ended.signal.aborted && !terminal.isClosed) {
      last = await source.page(terminal);
      terminal.out(terminal.isInteractive ? frame(last.text, terminal.rows) : `${last.text}\n`);
      await delay(everyMs, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  } finally {
    source.close();
    release();
    if (terminal.isInteractive) terminal.out(`${screen.close}${last.text}`);
  }
  return last.code;
}

/** Overwrites the frame before line by line: nothing is blank in between. What is below the last row is left out. */
function frame(text: string, rows: number): string {
  const lines = text.trimEnd().split('\n').slice(0, rows);
  return `${screen.home}${lines.map((line) => `${line}${screen.clearLine}`).join('\r\n')}${screen.clearBelow}`;
}

/** Keeps the connections between looks, and makes them anew when the file says otherwise. */
class LookSource {
  readonly #choice: GroupChoice;
  #looker: { readonly made: string; readonly looker: Looker } | undefined;

  constructor(choice: GroupChoice) {
    this.#choice = choice;
  }

  async page(terminal: Terminal): Promise<{ text: string; code: Code }> {
    try {
      const document = await readGroup(this.#choice);
      const made = JSON.stringify(document);
      if (this.#looker?.made !== made) {
        const looker = await Looker.connect(document);
        this.close();
        this.#looker = { made, looker };
      }
      const look = await this.#looker.looker.look();
      return { text: statusText(look, terminal), code: isReady(look) ? ExitCode.done : ExitCode.failed };
    } catch (error) {
      if (!(error instanceof UnderstudyError)) throw error;
      return { text: `${error.message}\n`, code: ExitCode.badInput };
    }
  }

  close(): void {
    this.#looker?.looker.close();
    this.#looker = undefined;
  }
}

function listenForEnd(ended: AbortController): () => void {
  const { stdin } = process;
  const end = () => ended.abort();
  const onKey = (key: Buffer) => {
    // In raw mode Ctrl-C comes as a character, and so does Ctrl-D.
    if (['q', 'Q', '\u0003', '\u0004'].includes(key.toString('latin1'))) end();
  };
  stdin.setRawMode(true);
  stdin.on('data', onKey).resume();
  process.once('SIGINT', end).once('SIGTERM', end);
  return () => {
    stdin.off('data', onKey).setRawMode(false).pause();
    process.off('SIGINT', end).off('SIGTERM', end);
  };
}
