import type { Redis } from 'ioredis';

/** The fields of one section of INFO, as Redis names them. */
export async function info(connection: Redis, section: string): Promise<Record<string, string>> {
  const text = await connection.info(section);
  const pairs = text.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
  });
  return Object.fromEntries(pairs);
}
