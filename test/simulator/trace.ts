const kept = 40;

/** What happened, in words for the last of it and as a hash for all of it. */
export class Trace {
  readonly #recent: { readonly at: number; readonly words: string }[] = [];
  #hash = 0x811c9dc5;
  #lines = 0;
  /** Told of every line, for `--verbose`. */
  readonly #tell: ((line: string) => void) | undefined;
  readonly #begunAt: number;

  constructor(begunAt: number, tell?: (line: string) => void) {
    this.#begunAt = begunAt;
    this.#tell = tell;
  }

  note(at: number, words: string): void {
    this.mix(at);
    for (let i = 0; i < words.length; i += 1) this.#mix(words.charCodeAt(i));
    this.#lines += 1;
    this.#recent.push({ at, words });
    if (this.#recent.length > kept) this.#recent.shift();
    this.#tell?.(this.#line({ at, words }));
  }

  /** A number that must be the same in every replay: a time, to the microsecond. */
  mix(value: number): void {
    const micro = Math.round(value * 1000);
    this.#mix(micro % 2 ** 32);
    this.#mix(Math.floor(micro / 2 ** 32));
  }

  /** FNV-1a over 32-bit words. */
  #mix(word: number): void {
    this.#hash = Math.imul(this.#hash ^ word, 0x01000193);
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  get lines(): number {
    return this.#lines;
  }

  recent(): string[] {
    return this.#recent.map((entry) => this.#line(entry));
  }

  #line({ at, words }: { at: number; words: string }): string {
    const ms = at - this.#begunAt;
    const hours = Math.floor(ms / 3_600_000);
    const minutes = Math.floor((ms % 3_600_000) / 60_000);
    const seconds = ((ms % 60_000) / 1000).toFixed(4).padStart(7, '0');
    return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}:${seconds}  ${words}`;
  }
}
