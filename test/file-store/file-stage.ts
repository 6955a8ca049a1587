import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { FileStore } from '../../controller/file-store/file-store.ts';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import type { StoreStage } from '../conformance/store.suite.ts';

/** A folder of groups on a real disk; edits are made as an editor makes them, by rename. */
export async function folderStage(): Promise<
  StoreStage & { readonly folder: string; file(name: string): string }
> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-store-'));
  const file = (name: string) => join(folder, `${name}.yaml`);
  return {
    folder,
    file,
    open: () => new FileStore(folder),
    key: (name) => name,
    put: (group) => replaceFile(file(group.metadata.name), stringify(group)),
    remove: (name) => rm(file(name)),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

export const textOf = (group: FailoverGroup): string => stringify(group);
