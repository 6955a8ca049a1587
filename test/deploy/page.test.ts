/** docs/kubernetes.md, as far as it can be tried without a cluster. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseFailoverGroup } from '../../crd/parse.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import { root } from './manifests.ts';

const page = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');
const scripts = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, script = '']) => script);

test('every block says where it is run, and a shell can read it', () => {
  assert.ok(scripts.length > 10);
  for (const script of scripts) {
    assert.match(script, /^# on your machine/);
    execFileSync('sh', ['-n'], { input: script });
  }
});

test('every file that it names is there', () => {
  const named = [
    ...[...page.matchAll(/deploy\/(?:kubernetes|gitops)\/[\w./-]+|test\/[\w./-]+\.ts/g)].map(
      ([path]) => path,
    ),
    ...[...page.matchAll(/\]\(([\w./-]+)[#)]/g)].map(([, path = '']) => join('docs', path)),
  ];
  assert.ok(named.length > 10);
  for (const path of named) assert.ok(existsSync(join(root, path)), path);
});

test('every heading that it links to is there', () => {
  for (const [, path = '', anchor] of page.matchAll(/\]\(([\w./-]*)#([\w-]+)\)/g)) {
    const text = path === '' ? page : readFileSync(join(root, 'docs', path), 'utf8');
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    assert.ok(headings.includes(anchor ?? ''), `${path}#${anchor}`);
  }
});

test('every reason in its table is one that the controller gives', () => {
  const rows = page.match(/^\| `[A-Z].*$/gm) ?? [];
  const reasons = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  assert.ok(reasons.length > 15);
  for (const reason of reasons) assert.ok(Object.hasOwn(Reason, reason ?? ''), reason);
});

test('its sed makes of the example the same group with files in place of Secrets', () => {
  const line =
    scripts.flatMap((script) => script.split('\n')).find((text) => text.startsWith('sed -E')) ?? '';
  const [command = ''] = line.split(' > ');
  const text = execFileSync('sh', ['-c', command], {
    cwd: root,
    env: { ...process.env, PWD: '/x' },
    encoding: 'utf8',
  });
  const parsed = parseFailoverGroup(text, 'quantshift.yaml');
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const { redis, ssh } = parsed.group.spec;
  const sources = [redis.auth?.passwordFrom, ssh?.privateKeyFrom, ssh?.knownHostsFrom];
  const files = ['password', 'ssh-key', 'known-hosts'].map((name) => join(root, 'secrets', name));
  assert.deepEqual(
    sources.map((source) => source?.file),
    files,
  );
});
