const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

export type Words =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Splits a line into words as systemd.syntax(7) and systemd.service(5) have it: white space separates, either
 * quote groups, C escapes count everywhere. A shell's other signs are ordinary letters.
 */
export function splitWords(line: string): Words {
  const words: string[] = [];
  let rest = line.trimStart();
  while (rest !== '') {
    const read = readWord(rest);
    if ('problem' in read) return { ok: false, problem: read.problem };
    words.push(read.word);
    rest = read.rest.trimStart();
  }
  return { ok: true, words };
}

function readWord(text: string): { word: string; rest: string } | { problem: string } {
  let word = '';
  let quote = '';
  let at = 0;
  for (; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '\\') {
      const escaped = readEscape(text.slice(at + 1));
      if (escaped === undefined)
        return { problem: `unknown escape ${JSON.stringify(text.slice(at, at + 2))}; write \\\\ for a \\` };
      word += escaped.value;
      at += escaped.length;
    } else if (letter === quote) quote = '';
    else if (quote === '' && (letter === '"' || letter === "'")) quote = letter;
    else if (quote === '' && /\s/.test(letter)) break;
    else word += letter;
  }
  return quote === '' ? { word, rest: text.slice(at) } : { problem: `the quote ${quote} is not closed` };
}

/** What follows the backslash: its meaning and how many letters it takes. */
function readEscape(text: string): { value: string; length: number } | undefined {
  const simple = escapes[text.charAt(0)];
  if (simple !== undefined) return { value: simple, length: 1 };
  const coded = /^(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([0-3][0-7]{2}))/.exec(text);
  if (coded === null) return undefined;
  const [all, byte, point, octal] = coded;
  const code = octal === undefined ? Number.parseInt(byte ?? point ?? '', 16) : Number.parseInt(octal, 8);
  return code === 0 ? undefined : { value: String.fromCodePoint(code), length: all.length };
}
