/** Reads RESP2 requests, arrays of bulk strings, out of what arrives. Words are latin1. */
export class RequestParser {
  #rest = '';

  /** Every request that is whole by now. Throws when what came is no RESP2 request. */
  take(chunk: string): string[][] {
    const text = this.#rest + chunk;
    const requests: string[][] = [];
    let at = 0;
    for (;;) {
      const read = oneRequest(text, at);
      if (read === undefined) break;
      requests.push(read.words);
      at = read.end;
    }
    this.#rest = text.slice(at);
    return requests;
  }
}

function oneRequest(text: string, start: number): { words: string[]; end: number } | undefined {
  const head = numberAfter(text, start, '*');
  if (head === undefined) return undefined;
  const words: string[] = [];
  let at = head.end;
  for (let left = head.value; left > 0; left -= 1) {
    const length = numberAfter(text, at, '$');
    if (length === undefined || text.length < length.end + length.value + 2) return undefined;
    words.push(text.slice(length.end, length.end + length.value));
    at = length.end + length.value + 2;
  }
  return { words, end: at };
}

function numberAfter(text: string, at: number, mark: string): { value: number; end: number } | undefined {
  if (at >= text.length) return undefined;
  if (text[at] !== mark) throw new Error(`expected ${mark}, got ${JSON.stringify(text[at])}`);
  const end = text.indexOf('\r\n', at);
  return end === -1 ? undefined : { value: Number(text.slice(at + 1, end)), end: end + 2 };
}
