import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { customResourceDefinition } from './custom-resource-definition.ts';

/** Where the generated CRD lies, beside this file. */
export const crdFile = fileURLToPath(new URL('failovergroups.understudy.dev.yaml', import.meta.url));

/** The text of the generated CRD, as kubectl applies it. */
export function crdYaml(): string {
  const header = '# Generated from crd/*.ts by `npm run generate`. Do not edit.\n';
  return header + stringify(customResourceDefinition(), { lineWidth: 0, aliasDuplicateObjects: false });
}

async function main(args: readonly string[]): Promise<number> {
  const check = args[0] === '--check';
  if (args.length > (check ? 1 : 0)) {
    process.stderr.write('usage: generate.ts [--check]\n');
    return 2;
  }
  const wanted = crdYaml();
  const found = await readFile(crdFile, 'utf8').catch(() => '');
  if (found === wanted) return 0;
  if (check) {
    process.stderr.write(`${basename(crdFile)} is stale: run npm run generate\n`);
    return 1;
  }
  await writeFile(crdFile, wanted);
  process.stdout.write(`${basename(crdFile)} written\n`);
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
