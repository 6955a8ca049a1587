import { closeAdmin, connectAdmin, type RedisAddress } from '../redis/admin-connection.ts';
import { type AckedKeys, keysOf } from './acked-keys.ts';

export interface LostWrites {
  checkedWrites: number;
  lostWrites: number;
  /** The first few lost keys. */
  sample: string[];
}

const BATCH = 1_000;
const SAMPLE = 10;

/** Counts the acknowledged writes that the primary does not have. Throws if it cannot be asked. */
export async function countLostWrites(
  acked: readonly AckedKeys[],
  primary: RedisAddress,
): Promise<LostWrites> {
  const connection = await connectAdmin(primary);
  const found: LostWrites = { checkedWrites: 0, lostWrites: 0, sample: [] };
  const check = async (keys: string[]) => {
    const values = await connection.mget(keys);
    const lost = keys.filter((_, index) => (values[index] ?? null) === null);
    found.checkedWrites += keys.length;
    found.lostWrites += lost.length;
    found.sample.push(...lost.slice(0, SAMPLE - found.sample.length));
  };
  try {
    let batch: string[] = [];
    for (const key of keysOf(acked)) {
      batch.push(key);
      if (batch.length < BATCH) continue;
      await check(batch);
      batch = [];
    }
    if (batch.length > 0) await check(batch);
    return found;
  } finally {
    closeAdmin(connection);
  }
}
