import { readFileSync } from 'node:fs';
import { writeDurably } from '../file-store/durable-write.ts';
import { HostFault, wordsOf } from './host-fault.ts';

/** The highest epoch that the folder has accepted; 0 when none. Throws HostUnusable when it cannot be told. */
export function readEpoch(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw new HostFault('HostUnusable', wordsOf(cause), { cause });
  }
  const epoch = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(epoch)) return epoch;
  // Never taken for 0: a deposed controller would be obeyed again.
  throw new HostFault('HostUnusable', `${file} holds no epoch: write the group's epoch into it.`);
}

/**
 * Takes the epoch on, durably, before anything is done under it. Call it only while holding the folder.
 * Throws EpochTooOld or HostUnusable.
 */
export async function acceptEpoch(file: string, epoch: number): Promise<void> {
  const highest = readEpoch(file);
  // So asked, what is no number is refused too.
  if (!(epoch >= highest))
    throw new HostFault('EpochTooOld', `Epoch ${highest} was accepted here; ${epoch} is over.`);
  if (epoch === highest) return;
  try {
    await writeDurably(file, `${epoch}\n`);
  } catch (cause) {
    throw new HostFault('HostUnusable', `${file}: ${wordsOf(cause)}`, { cause });
  }
}
