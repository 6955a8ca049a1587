import { dirname } from 'node:path';
import { isControllerRunning } from '../file-store/exclusive.ts';

/** Whether a controller on this machine works on the file, or on the folder that it is in. */
export async function isLookedAfter(file: string): Promise<boolean> {
  const answers = await Promise.all(
    [file, dirname(file)].map((path) => isControllerRunning(path).catch(() => false)),
  );
  return answers.includes(true);
}
