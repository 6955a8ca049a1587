import { readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { customResourceDefinition } from './custom-resource-definition.ts';

/** Where the generated CRD lies, beside this file. */
export const crdFile = fileURLToPath(new URL('failovergroups.understudy.dev.yaml', import.meta.url));

/** And once more where kustomize, which reads nothing outside its own folder, finds it. */
export const deployedCrdFile = fileURLToPath(
  new URL('../deploy/kubernetes/base/failovergroups.understudy.dev.yaml', import.meta.url),
);

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
  let code = 0;
  for (const file of [crdFile, deployedCrdFile]) {
    const found = await readFile(file, 'utf8').catch(() => '');
    if (found === wanted) continue;
    const name = relative(process.cwd(), file);
    if (check) {
      process.stderr.write(`${name} is stale: run npm run generate\n`);
      code = 1;
      continue;
    }
    await writeFile(file, wanted);
    process.stdout.write(`${name} written\n`);
  }
  return code;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
