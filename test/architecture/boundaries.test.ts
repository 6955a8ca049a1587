import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import type { SourceFile } from './source-files.ts';
import { sourcesOf } from './source-files.ts';

/** Which top-level folders each may import from. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  crd: ['crd'],
  reconcilers: ['reconcilers', 'crd'],
  controller: ['controller', 'reconcilers', 'crd'],
};

const topOf = (path: string): string => path.split('/')[0] ?? '';

function folderOf(file: SourceFile, specifier: string): string | undefined {
  return specifier.startsWith('.') ? topOf(normalize(join(dirname(file.path), specifier))) : undefined;
}

for (const [folder, allowed] of Object.entries(mayImport)) {
  test(`${folder} imports only from ${allowed.join(', ')}`, () => {
    const files = sourcesOf(folder);
    assert.ok(files.length > 3);
    for (const file of files)
      for (const specifier of file.imports) {
        const target = folderOf(file, specifier);
        assert.ok(target === undefined || allowed.includes(target), `${file.path} imports ${specifier}`);
      }
  });
}

test('the core imports no package and nothing of Node', () => {
  for (const file of sourcesOf('reconcilers'))
    for (const specifier of file.imports)
      assert.ok(specifier.startsWith('.'), `${file.path} imports ${specifier}`);
});

test('the core knows no clock, chance, environment, logger or promise', () => {
  const impure =
    /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bprocess\b|\bglobalThis\b|\bconsole\b|\bperformance\b|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bqueueMicrotask\b|\bfetch\b|\bcrypto\b|\basync\b|\bawait\b|\bPromise\b|\bfunction\s*\*|\brequire\b/;
  for (const file of sourcesOf('reconcilers')) assert.doesNotMatch(file.code, impure, file.path);
});

test('no module of the product keeps state of its own', () => {
  for (const folder of Object.keys(mayImport))
    for (const file of sourcesOf(folder)) {
      assert.doesNotMatch(file.code, /^(?:export\s+)?(?:let|var)\s/m, file.path);
      assert.doesNotMatch(
        file.code,
        /^(?:export\s+)?const\s+\w+(?::[^=]+)?=\s*new (?:Map|Set|WeakMap)\(\s*\)/m,
        file.path,
      );
    }
});

test('wire names of Redis end in the adapters', () => {
  for (const folder of ['reconcilers', 'controller'])
    for (const file of sourcesOf(folder)) {
      if (file.path.startsWith('controller/redis/')) continue;
      assert.doesNotMatch(file.code, /\b(?:master|slave)\b/i, file.path);
    }
});

test('nothing is named after the fact that it is code', () => {
  const banned = /(?:^|[-/])(?:utils?|helpers?|manager|handle)(?:[-.]|$)/i;
  for (const folder of [...Object.keys(mayImport), 'test'])
    for (const file of sourcesOf(folder)) {
      assert.doesNotMatch(file.path, banned);
      assert.doesNotMatch(
        file.code,
        /\b(?:function|class|const)\s+(?:handle[A-Z]\w*|\w*(?:Manager|Helper|Utils?))\b/,
        file.path,
      );
    }
});

test('the top level holds the fixed folders and nothing else', () => {
  const root = join(import.meta.dirname, '..', '..');
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['.git', 'node_modules', '.cache'].includes(entry.name))
    .map((entry) => entry.name)
    .sort();
  assert.deepEqual(folders, ['.ci', 'controller', 'crd', 'deploy', 'docs', 'reconcilers', 'test']);
});
