import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mutants } from './mutants.ts';

/**
 * Loaded before anything else (`node --import`): what UNDERSTUDY_MUTANT names is built into the sources as they are
 * loaded. A text that is not there exactly once fails loudly: the mutant is to be mended then, not passed over.
 */
const wanted = process.env.UNDERSTUDY_MUTANT;
const mutant = mutants.find(({ name }) => name === wanted);
if (mutant === undefined) throw new Error(`there is no mutant ${wanted}`);
const root = join(import.meta.dirname, '..', '..', '..');
const urls = new Map<string, typeof mutant.edits>();
for (const edit of mutant.edits) {
  const url = pathToFileURL(join(root, edit.file)).href;
  urls.set(url, [...(urls.get(url) ?? []), edit]);
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edits = urls.get(url);
    if (edits === undefined) return loaded;
    let source = String(loaded.source);
    for (const { file, find, replace } of edits) {
      const parts = source.split(find);
      if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times: ${find}`);
      source = parts.join(replace);
    }
    return { ...loaded, source };
  },
});
