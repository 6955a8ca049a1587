import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCast } from './cast.ts';
import { CastRecorder } from './cast-recorder.ts';
import { Screen } from './screen.ts';
import { paint } from './styled.ts';
import { svgAnimation } from './svg-animation.ts';
import { Terminal } from './terminal.ts';

test('what the screen draws is what a terminal shows, also when a picture has less in it than the one before', () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-cast-'));
  try {
    const file = join(folder, 'demo.cast');
    const screen = new Screen(undefined, new CastRecorder(file, 20, 4));
    screen.draw(['first line', `${paint.green('green')} second`, 'third']);
    screen.mark('one');
    screen.draw(['short', '']);
    screen.mark('two');
    screen.close(['the end']);
    screen.mark('three');
    const { stills } = readCast(readFileSync(file, 'utf8'));
    const text = stills.map(({ screen: rows }) =>
      rows.map((row) =>
        row
          .map(({ character }) => character)
          .join('')
          .trimEnd(),
      ),
    );
    assert.deepEqual(
      stills.map(({ label }) => label),
      ['one', 'two', 'three'],
    );
    assert.deepEqual(text, [
      ['first line', 'green second', 'third', ''],
      ['short', '', '', ''],
      ['the end', '', '', ''],
    ]);
    assert.equal(stills[0]?.screen[1]?.[0]?.style.colour, 'green');
    assert.equal(stills[0]?.screen[1]?.[6]?.style.colour, undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a terminal refuses what would look otherwise on a real one', () => {
  assert.throws(() => new Terminal(5, 2).write('sixsix'), /wider/);
  assert.throws(() => new Terminal(5, 2).write('\x1b[3A'), /control sequence/);
});

test('the drawing shows each still in its turn, with text as text', () => {
  const cast = [
    { version: 2, width: 20, height: 2 },
    [0, 'o', 'a < b'],
    [1, 'm', 'one'],
    [2, 'o', '\x1b[H\x1b[31mred\x1b[39m\x1b[K'],
    [3, 'm', 'two'],
  ];
  const svg = svgAnimation(readCast(cast.map((line) => JSON.stringify(line)).join('\n')), () => 2);
  assert.match(svg, /a &lt; b/);
  assert.equal(svg.match(/class="still /g)?.length, 2);
  assert.match(svg, /@keyframes k0\{0\.000%\{visibility:visible\}50\.000%\{visibility:hidden\}/);
  assert.match(svg, /fill:#ff7b72[^>]*>red</);
});
