/** 950 → `950 B`, 1234567 → `1.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const names = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let name = '';
  for (const next of names) {
    if (value < 1000) break;
    value /= 1000;
    name = next;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${name}`;
}

/** 0.0123 → `12 ms`, 3.21 → `3.2 s`, 125 → `2 min 5 s`, 90000 → `1 d 1 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const parts: readonly (readonly [number, string])[] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = parts.findIndex(([size]) => seconds >= size);
  let rest = Math.round(seconds);
  const words = parts.slice(first, first + 2).map(([size, name]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count} ${name}`;
  });
  return words.filter((word) => word !== '').join(' ');
}

/** `2026-11-22 03:11:07Z` */
export function formatTime(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace(/\.\d+(?=Z)/, '');
}

/** How long ago, `now` in ms of the wall clock. */
export function formatAge(rfc3339: string, now: number): string {
  return formatSeconds(Math.max(0, now - Date.parse(rfc3339)) / 1000);
}

/** 1234567 → `1,234,567` */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 unit`, `2 units` */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
