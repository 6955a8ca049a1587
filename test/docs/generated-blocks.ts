/** A page in which some blocks are written by the code: `<!-- generated: NAME -->` … `<!-- end -->`. */
const block = /<!-- generated: ([a-z-]+) -->\n[\s\S]*?<!-- end -->/g;

/** The page with its generated blocks as the code has them now. Throws on a block that nobody writes. */
export function withGeneratedBlocks(page: string, writers: Readonly<Record<string, () => string>>): string {
  return page.replace(block, (_whole, name: string) => {
    const writer = writers[name];
    if (writer === undefined) throw new Error(`nothing writes the block ${name}`);
    return `<!-- generated: ${name} -->\n${writer()}\n<!-- end -->`;
  });
}

/** The names of the generated blocks, in order. */
export const blockNames = (page: string): string[] => [...page.matchAll(block)].map(([, name = '']) => name);
