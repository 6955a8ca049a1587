import { unitName } from '../../crd/field-formats.ts';

/*
 * What may be sent to the node's script, checked on this side too: the script refuses everything else, but a
 * refusal comes after a log in.
 */

export const isUnitName = (word: string): boolean => unitName.safeParse(word).success;

export const isEpoch = (epoch: number): boolean => Number.isSafeInteger(epoch) && epoch >= 0 && epoch < 1e15;

/** An absolute path that leads nowhere else. */
export const isPlainPath = (path: string): boolean =>
  /^\/[A-Za-z0-9_./@+-]+$/.test(path) && !path.split('/').includes('..');

/** Any word of a command for the script; a forced command is split at spaces and nothing in it is quoted. */
export const isScriptWord = (word: string): boolean => /^[A-Za-z0-9_.:@/\\,=+%-]+$/.test(word);
