import type { CastRecorder } from './cast-recorder.ts';
import { frameColumns, frameLines } from './frame.ts';

const csi = '\x1b[';
// A terminal that knows synchronised output shows a picture only when it is whole; others ignore the two.
const [beginPicture, endPicture] = [`${csi}?2026h`, `${csi}?2026l`];
const [enter, leave] = [`${csi}?1049h${csi}?25l${csi}2J`, `${csi}?25h${csi}?1049l`];

/** Draws whole pictures in place: on the terminal's second screen, so that the first keeps what it had. */
export class Screen {
  readonly #terminal: NodeJS.WriteStream | undefined;
  readonly #recorder: CastRecorder | undefined;
  #open = false;

  constructor(terminal: NodeJS.WriteStream | undefined, recorder: CastRecorder | undefined) {
    this.#terminal = terminal;
    this.#recorder = recorder;
  }

  /** Whether a picture fits this stream. */
  static fits(stream: NodeJS.WriteStream): boolean {
    return stream.isTTY === true && stream.columns > frameColumns && stream.rows > frameLines;
  }

  draw(lines: readonly string[]): void {
    const opening = this.#open ? '' : enter;
    this.#open = true;
    // Each line is written over, then cleared to its end: nothing is blank in between.
    const body = lines.map((line) => `${line}${csi}K`).join('\r\n');
    this.#write(`${opening}${beginPicture}${csi}H${body}${csi}J${endPicture}`);
  }

  /** Back to the first screen; these lines stay there. */
  close(lines: readonly string[] = []): void {
    const closing = this.#open ? leave : '';
    this.#open = false;
    this.#write(`${closing}${lines.map((line) => `${line}\r\n`).join('')}`);
  }

  /** For the recording: this moment has a name. */
  mark(label: string): void {
    this.#recorder?.marker(label);
  }

  #write(text: string): void {
    if (text === '') return;
    this.#terminal?.write(text);
    this.#recorder?.output(text);
  }
}
