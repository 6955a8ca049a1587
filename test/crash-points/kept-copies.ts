import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CrashStage, NodeName } from './crash-stage.ts';

/** How many whole copies of diverged data a node keeps. */
export async function keptCopies(stage: CrashStage, node: NodeName): Promise<number> {
  const folder = join(stage.directory(node), 'preserved');
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.filter((size) => size > 0).length;
}
