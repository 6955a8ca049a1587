import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { Command } from 'commander';
import { apiServerVersion } from './assets.ts';

interface Flags {
  readonly json?: boolean;
  readonly list?: boolean;
  readonly only?: readonly string[];
  readonly jobs: string;
}

const suffix = '.k8s.ts';
const nameOf = (file: string): string => basename(file, suffix);
const all = globSync(join(import.meta.dirname, `*${suffix}`)).sort();
/** Real hosts are namespaces of the kernel, which only root makes, and not everywhere. */
const hasLab = process.getuid?.() === 0 && spawnSync('unshare', ['--net', '--mount', 'true']).status === 0;
const needsLab = (file: string): boolean => readFileSync(file, 'utf8').includes("from './lab-cluster.ts'");
const files = all.filter((file) => hasLab || !needsLab(file));

const program = new Command('test:kubernetes')
  .description('Runs the tests against a real kube-apiserver and etcd.')
  .option('--json', 'one JSON document as the last line of stdout')
  .option('--list', 'only tell which files there are')
  .option('--only <name...>', 'only these')
  .option('--jobs <number>', 'files side by side: most of a test is waiting', '2')
  .showHelpAfterError()
  .parse();
const flags = program.opts<Flags>();

function chosen(): readonly string[] {
  if (flags.only === undefined) return files;
  return flags.only.map(
    (name) =>
      files.find((file) => nameOf(file) === name) ??
      program.error(`there is no file '${name}'; --list tells which there are`),
  );
}

/** A test that was skipped proved nothing: it counts as one that failed. */
async function runAll(chosenFiles: readonly string[]): Promise<{ tests: number; failed: number }> {
  const stream = run({ files: [...chosenFiles], concurrency: Number(flags.jobs) });
  let tests = 0;
  let failed = 0;
  // A file or a suite is told of as a test, too: only what has no tests of its own is counted.
  const count = (
    details: { details: { type?: string | undefined }; skip?: unknown; todo?: unknown; nesting: number },
    ok: boolean,
  ) => {
    if (details.details.type === 'suite') return;
    tests += 1;
    if (!ok || details.skip !== undefined || details.todo !== undefined) failed += 1;
  };
  stream.on('test:pass', (data) => count(data, true));
  stream.on('test:fail', (data) => count(data, false));
  stream.compose(new spec()).pipe(process.stderr);
  await new Promise((resolve) => stream.once('end', resolve));
  return { tests, failed };
}

if (flags.list === true) {
  for (const file of files) process.stdout.write(`${nameOf(file)}\n`);
} else {
  const apiserver = apiServerVersion();
  if (!hasLab)
    process.stderr.write('without the lab of real hosts: it needs root, and namespaces of its own\n');
  const { tests, failed } = await runAll(chosen());
  const ok = failed === 0 && tests > 0;
  if (flags.json === true)
    process.stdout.write(`${JSON.stringify({ ok, tests, apiserver, ...(ok ? {} : { failed }) })}\n`);
  process.exitCode = ok ? 0 : 1;
}
