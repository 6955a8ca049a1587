const unitSeconds: Readonly<Record<string, number>> = {
  us: 1e-6,
  usec: 1e-6,
  ms: 1e-3,
  msec: 1e-3,
  '': 1,
  s: 1,
  sec: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hr: 3600,
  hour: 3600,
  hours: 3600,
};

/** Nothing is waited for longer than this (s); it is also what `infinity` means here. */
const longestSeconds = 3600;

/** Reads a time span as systemd.time(7) has it (`5min 20s`, `100ms`, `10`), in seconds; undefined when it is none. */
export function parseTimeSpan(text: string): number | undefined {
  if (text === 'infinity') return longestSeconds;
  if (!/^(\s*\d+(\.\d+)?\s*[a-z]*)+\s*$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, number = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)) {
    const each = Object.hasOwn(unitSeconds, unit) ? unitSeconds[unit] : undefined;
    if (each === undefined) return undefined;
    seconds += Number(number) * each;
  }
  return Math.min(seconds, longestSeconds);
}
