import { readFileSync, writeFileSync } from 'node:fs';
import { readCast, type Still } from './cast.ts';
import { svgAnimation } from './svg-animation.ts';

const stillSeconds = 3.2;
/** The results stay longer: they are what is to be read. */
const lastSeconds = 9;

// Makes docs/demo.svg: npm run demo -- --record demo.cast && node test/demo/render-cast.ts demo.cast docs/demo.svg
const [, , castFile, svgFile] = process.argv;
if (castFile === undefined || svgFile === undefined) {
  process.stderr.write('usage: render-cast.ts CAST SVG\n');
  process.exit(2);
}
const cast = readCast(readFileSync(castFile, 'utf8'));
const secondsOf = (still: Still) => (still === cast.stills.at(-1) ? lastSeconds : stillSeconds);
writeFileSync(svgFile, svgAnimation(cast, secondsOf));
