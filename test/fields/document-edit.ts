import type { GroupDocument } from './base-document.ts';

/** What one edit does to a document; `epoch` is the one that status shows then. */
export type Edit = (document: GroupDocument, epoch: number) => void;

type Container = Record<string, unknown>;

/** `nodes[1].redis.port` as keys; `redis.config["save"]` is written `redis.config.save`. */
function keysOf(path: string): string[] {
  return path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
}

function parentOf(document: GroupDocument, keys: readonly string[]): Container {
  let at = document.spec as Container;
  for (const key of keys.slice(0, -1)) {
    at[key] ??= {};
    at = at[key] as Container;
  }
  return at;
}

/** Sets one value below `spec`. */
export function put(path: string, value: unknown): Edit {
  const keys = keysOf(path);
  return (document) => {
    parentOf(document, keys)[keys.at(-1) ?? ''] = structuredClone(value);
  };
}

/** Takes one value below `spec` away; of a list, the entry. */
export function drop(path: string): Edit {
  const keys = keysOf(path);
  return (document) => {
    const parent = parentOf(document, keys);
    const last = keys.at(-1) ?? '';
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else delete parent[last];
  };
}

export function annotate(name: string, value: (epoch: number) => string): Edit {
  return (document, epoch) => {
    document.metadata.annotations[name] = value(epoch);
  };
}

export function both(...edits: readonly Edit[]): Edit {
  return (document, epoch) => {
    for (const edit of edits) edit(document, epoch);
  };
}
