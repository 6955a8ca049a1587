import { appendFileSync, writeFileSync } from 'node:fs';

/** Writes what a terminal is sent as an asciinema v2 cast: a header line, then an event a line. */
export class CastRecorder {
  readonly #file: string;
  readonly #start = performance.now();

  constructor(file: string, columns: number, lines: number) {
    this.#file = file;
    const header = { version: 2, width: columns, height: lines, title: 'understudy demo' };
    writeFileSync(file, `${JSON.stringify(header)}\n`);
  }

  output(text: string): void {
    this.#event('o', text);
  }

  /** A named moment, for players that jump to it and for the renderer that makes a picture of it. */
  marker(label: string): void {
    this.#event('m', label);
  }

  #event(code: 'o' | 'm', data: string): void {
    const seconds = Number(((performance.now() - this.#start) / 1_000).toFixed(6));
    appendFileSync(this.#file, `${JSON.stringify([seconds, code, data])}\n`);
  }
}
