import type { Terminal } from './terminal.ts';

const tickMs = 100;

/** What a person sees on stderr while waiting: a line for every step, and on a terminal the time running. */
export class LiveProgress {
  readonly #terminal: Terminal;
  readonly #begun = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #last = '';
  #waitingFor = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    if (terminal.showsProgress) this.#timer = setInterval(() => this.#draw(), tickMs);
  }

  get seconds(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  /** A step that was reached; said again it is not shown again. */
  step(text: string): void {
    if (text === this.#last) return;
    this.#last = text;
    this.#clear();
    this.#terminal.err(`${this.#stamp()}  ${text}\n`);
    this.#waitingFor = text;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #stamp(): string {
    return this.#terminal.errPaint.dim(`${this.seconds.toFixed(3).padStart(7)} s`);
  }

  #draw(): void {
    if (this.#waitingFor !== '') this.#terminal.err(`\r${this.#stamp()}  …\u001b[K`);
  }

  #clear(): void {
    if (this.#terminal.showsProgress) this.#terminal.err('\r\u001b[K');
  }
}
