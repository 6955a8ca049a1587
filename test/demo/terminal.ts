/** How a character looks; absent: the terminal's own. */
export interface Style {
  readonly colour?: string;
  readonly bold?: true;
  readonly dim?: true;
}

export interface Cell {
  readonly character: string;
  readonly style: Style;
}

const plain: Style = {};
const blank: Cell = { character: ' ', style: plain };

const colours: Readonly<Record<number, string>> = {
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  35: 'magenta',
  36: 'cyan',
  90: 'gray',
};

/** A control sequence (of \u{1b}, named by its property), or one character, never half of a surrogate pair. */
const controlOrCharacter = /\p{Cc}\[([?\d;]*)([A-Za-z])|./gsu;

/**
 * A terminal as far as the demo's own output needs one: cursor home, clear to the end of line or screen, the second
 * screen, colours. Throws at any other sequence, rather than show something that a terminal would not.
 */
export class Terminal {
  readonly columns: number;
  readonly lines: number;
  #cells: Cell[][];
  #row = 0;
  #column = 0;
  #style: Style = plain;

  constructor(columns: number, lines: number) {
    this.columns = columns;
    this.lines = lines;
    this.#cells = Array.from({ length: lines }, () => []);
  }

  /** What is on the screen: a row a line, without the blanks at the ends. */
  get screen(): readonly (readonly Cell[])[] {
    return this.#cells.map((row) => [...row]);
  }

  get text(): string[] {
    return this.#cells.map((row) =>
      row
        .map(({ character }) => character)
        .join('')
        .trimEnd(),
    );
  }

  write(output: string): void {
    for (const [token, parameters, final] of output.matchAll(controlOrCharacter)) {
      if (final === undefined) this.#print(token);
      else this.#control(parameters ?? '', final);
    }
  }

  #print(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#lineFeed();
    else if (character < ' ') throw new Error(`control character ${JSON.stringify(character)}`);
    else if (this.#column >= this.columns) throw new Error('a line is wider than the terminal');
    else {
      const row = this.#cells[this.#row] ?? [];
      while (row.length < this.#column) row.push(blank);
      row[this.#column] = { character, style: this.#style };
      this.#column += 1;
    }
  }

  #lineFeed(): void {
    if (this.#row < this.lines - 1) this.#row += 1;
    else this.#cells = [...this.#cells.slice(1), []];
  }

  #control(parameters: string, final: string): void {
    const row = this.#cells[this.#row] ?? [];
    if (final === 'm') this.#restyle(parameters);
    else if (final === 'H' && parameters === '') [this.#row, this.#column] = [0, 0];
    else if (final === 'K') row.length = Math.min(row.length, this.#column);
    else if (final === 'J' && parameters === '2') this.#clear();
    else if (final === 'J') {
      row.length = Math.min(row.length, this.#column);
      for (const below of this.#cells.slice(this.#row + 1)) below.length = 0;
    } else if (parameters === '?1049') {
      this.#clear();
      [this.#row, this.#column] = [0, 0];
    } else if (parameters !== '?25' && parameters !== '?2026') {
      throw new Error(`control sequence ${parameters}${final}`);
    }
  }

  #clear(): void {
    for (const row of this.#cells) row.length = 0;
  }

  #restyle(parameters: string): void {
    for (const code of (parameters || '0').split(';').map(Number)) this.#style = restyled(this.#style, code);
  }
}

function restyled(style: Style, code: number): Style {
  const { colour, bold, dim, ...rest } = style;
  if (code === 0) return plain;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...rest, ...(colour && { colour }) };
  if (code === 39) return { ...rest, ...(bold && { bold }), ...(dim && { dim }) };
  const named = colours[code];
  if (named === undefined) throw new Error(`style ${code}`);
  return { ...style, colour: named };
}
