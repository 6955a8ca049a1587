import { type Cell, Terminal } from './terminal.ts';

/** A picture of a recording at a moment that has a name. */
export interface Still {
  readonly label: string;
  readonly seconds: number;
  readonly screen: readonly (readonly Cell[])[];
}

export interface Cast {
  readonly columns: number;
  readonly lines: number;
  readonly stills: readonly Still[];
}

/** Plays an asciinema v2 cast and takes a still at each of its markers. */
export function readCast(text: string): Cast {
  const [head = '{}', ...lines] = text.trimEnd().split('\n');
  const { width, height } = JSON.parse(head) as { width: number; height: number };
  const terminal = new Terminal(width, height);
  const stills: Still[] = [];
  for (const line of lines) {
    const [seconds, code, data] = JSON.parse(line) as [number, string, string];
    if (code === 'o') terminal.write(data);
    else if (code === 'm') stills.push({ label: data, seconds, screen: terminal.screen });
  }
  return { columns: width, lines: height, stills };
}
