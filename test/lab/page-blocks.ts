/** The blocks of a page that begin with `# on MACHINE …`: what a reader runs there, in the page's order. */
export interface PageBlock {
  /** As the page has it: `ct100 and ct101`, `the controller, when ct100 follows`. */
  readonly where: string;
  readonly script: string;
}

const pattern = /```sh\n# on ([^\n]+)\n([\s\S]*?)```/g;

/** The blocks of the section whose heading begins with `heading`; throws when there is none. */
export function blocksOf(page: string, heading: string): PageBlock[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading));
  const blocks = [...(section ?? '').matchAll(pattern)].map(([, where = '', script = '']) => ({
    where,
    script,
  }));
  if (blocks.length === 0) throw new Error(`the page has nothing to run under '${heading}'`);
  return blocks;
}

/** The page's YAML that begins with `first`; throws when there is none. */
export function yamlOf(page: string, first: string): string {
  const found = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].find(([, text = '']) =>
    text.trimStart().startsWith(first),
  );
  if (found?.[1] === undefined) throw new Error(`the page has no YAML that begins with '${first}'`);
  return found[1];
}
