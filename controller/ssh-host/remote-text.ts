const longest = 300;

/** A text that another machine wrote, as one line for a message: no control characters, not endless. */
export function remoteText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const plain = text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain;
}

/** The last line that says something: programs put there why they gave up. */
export function lastLine(text: string): string {
  const lines = text.split('\n').map(remoteText);
  return lines.findLast((line) => line !== '') ?? '';
}
