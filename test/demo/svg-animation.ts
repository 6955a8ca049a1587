import type { Cast, Still } from './cast.ts';
import type { Cell, Style } from './terminal.ts';

const fontSize = 14;
const columnWidth = 8.4;
const lineHeight = 18;
const margin = 14;
const titleBar = 26;
const palette = { background: '#0d1117', bar: '#161b22', text: '#e6edf3', faint: '#7d8590' };
const colours: Readonly<Record<string, string>> = {
  red: '#ff7b72',
  green: '#56d364',
  yellow: '#e3b341',
  blue: '#79c0ff',
  magenta: '#d2a8ff',
  cyan: '#76e3ea',
  gray: palette.faint,
};

/**
 * An animated SVG of a recording's stills, one after the other, each for so many seconds. Where nothing is animated
 * (a reader that asked for less motion, a viewer that knows no CSS) it is the last one, the results.
 */
export function svgAnimation(cast: Cast, secondsOf: (still: Still) => number): string {
  const width = Math.round(cast.columns * columnWidth + 2 * margin);
  const height = titleBar + cast.lines * lineHeight + 2 * margin - 6;
  const durations = cast.stills.map(secondsOf);
  const total = durations.reduce((sum, seconds) => sum + seconds, 0);
  const stills = cast.stills.map(
    ({ screen }, index) => `<g class="still s${index}">${screen.map(textLine).join('')}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Recording of understudy's demo in a terminal">
<style>
text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:${palette.text};white-space:pre}
.still{visibility:hidden}.still:last-of-type{visibility:visible}
@media (prefers-reduced-motion:no-preference){${animations(durations, total)}}
</style>
<rect width="${width}" height="${height}" rx="8" fill="${palette.background}"/>
<path d="M0 ${titleBar}V8a8 8 0 0 1 8-8h${width - 16}a8 8 0 0 1 8 8v${titleBar - 8}z" fill="${palette.bar}"/>
<circle cx="16" cy="13" r="5" fill="#ff5f57"/><circle cx="33" cy="13" r="5" fill="#febc2e"/><circle cx="50" cy="13" r="5" fill="#28c840"/>
<text x="${width / 2}" y="18" text-anchor="middle" style="font-size:12px;fill:${palette.faint}">npm run demo</text>
${stills.join('\n')}
</svg>
`;
}

/** Each still is visible from its own beginning to that of the next; step-end keeps anything from fading. */
function animations(durations: readonly number[], total: number): string {
  let begin = 0;
  const rules = durations.map((seconds, index) => {
    const percent = (at: number) => `${((at / total) * 100).toFixed(3)}%`;
    const [from, to] = [percent(begin), percent(begin + seconds)];
    begin += seconds;
    const before = index === 0 ? '' : '0%{visibility:hidden}';
    const after = index === durations.length - 1 ? '' : `${to}{visibility:hidden}`;
    return `@keyframes k${index}{${before}${from}{visibility:visible}${after}100%{visibility:${after === '' ? 'visible' : 'hidden'}}}.s${index}{animation:k${index} ${total}s step-end infinite}`;
  });
  return rules.join('');
}

function textLine(row: readonly Cell[], line: number): string {
  const y = titleBar + margin + line * lineHeight + 10;
  return runsOf(row)
    .map(({ text, style, column }) => {
      const x = (margin + column * columnWidth).toFixed(1);
      // The length keeps columns in line whichever font the reader has.
      const length = ([...text].length * columnWidth).toFixed(1);
      return `<text x="${x}" y="${y}" textLength="${length}"${attributes(style)}>${escaped(text)}</text>`;
    })
    .join('');
}

interface Run {
  text: string;
  readonly style: Style;
  readonly column: number;
}

/** Words of one style with where they stand; longer blanks are left out. */
function runsOf(row: readonly Cell[]): Run[] {
  const runs: Run[] = [];
  let open: Run | undefined;
  row.forEach(({ character, style }, column) => {
    if (open !== undefined && sameStyle(open.style, style)) open.text += character;
    else {
      open = { text: character, style, column };
      runs.push(open);
    }
  });
  return runs.flatMap(splitAtBlanks);
}

function splitAtBlanks({ text, style, column }: Run): Run[] {
  const runs: Run[] = [];
  let at = column;
  for (const part of text.split(/( {2,})/)) {
    if (part.trim() !== '') {
      const lead = part.length - part.trimStart().length;
      runs.push({ text: part.trim(), style, column: at + lead });
    }
    at += [...part].length;
  }
  return runs;
}

function sameStyle(a: Style, b: Style): boolean {
  return a.colour === b.colour && a.bold === b.bold && a.dim === b.dim;
}

function attributes({ colour, bold, dim }: Style): string {
  const fill = colour === undefined ? (dim ? palette.faint : undefined) : colours[colour];
  return `${fill === undefined ? '' : ` style="fill:${fill}"`}${bold ? ' font-weight="700"' : ''}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
