import { readFileSync } from 'node:fs';
import type { Lab } from '../lab/lab.ts';

const batch = 200;

/** The keys that a host's Redis does not have. Asked at the host itself. */
export async function missingKeys(lab: Lab, node: string, keys: readonly string[]): Promise<string[]> {
  const batches: string[][] = [];
  for (let at = 0; at < keys.length; at += batch) batches.push(keys.slice(at, at + batch));
  const counts = await existing(lab, node, batches);
  const incomplete = batches.filter((some, index) => counts[index] !== some.length).flat();
  if (incomplete.length === 0) return [];
  const held = await existing(
    lab,
    node,
    incomplete.map((key) => [key]),
  );
  return incomplete.filter((_, index) => held[index] === 0);
}

/** How many keys of each batch there are. */
async function existing(lab: Lab, node: string, batches: readonly string[][]): Promise<number[]> {
  const input = batches.map((keys) => `EXISTS ${keys.join(' ')}\n`).join('');
  const env = { PATH: '/usr/bin:/bin', REDISCLI_AUTH: readFileSync(lab.passwordFile, 'utf8') };
  const { stdout } = await lab.console(node, ['timeout', '30', 'redis-cli'], { env, input });
  const answers = stdout.split('\n');
  const counts = answers.slice(0, batches.length).map(Number);
  if (counts.length !== batches.length || counts.some(Number.isNaN))
    throw new Error(`${node} does not tell which keys it has: ${answers[0]}`);
  return counts;
}
