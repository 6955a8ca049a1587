import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EditError, setAnnotation, setPaused, setSpecPrimary } from '../../crd/edit.ts';
import { parseFailoverGroup } from '../../crd/parse.ts';

const quantshift = readFileSync(new URL('../../crd/examples/quantshift.yaml', import.meta.url), 'utf8');

test('a switchover changes the one word and no other byte', () => {
  const edited = setSpecPrimary(quantshift, 'ct101');
  assert.equal(edited, quantshift.replace('  primary: ct100 ', '  primary: ct101 '));
  assert.equal(setSpecPrimary(edited, 'ct100'), quantshift);
});

test('the way in which a value was quoted stays', () => {
  const cases: [string, string][] = [
    ['spec: {primary: a}\n', 'spec: {primary: ct2}\n'],
    ["spec: {primary: 'a'}\n", "spec: {primary: 'ct2'}\n"],
    ['spec:\n    primary: "a"   # why\n', 'spec:\n    primary: "ct2"   # why\n'],
    ['spec:\n  primary: # todo\n', 'spec:\n  primary: ct2 # todo\n'],
    ['spec:\n  primary:\n', 'spec:\n  primary: ct2\n'],
    ['spec:\n  primary:\n    a\n', 'spec:\n  primary:\n    ct2\n'],
    ['spec:\r\n  primary: a\r\n', 'spec:\r\n  primary: ct2\r\n'],
    ['spec:\n  ? primary\n  : a\n', 'spec:\n  ? primary\n  : ct2\n'],
    ['spec:\n  primary: >- # why\n    a\n  x: 1\n', 'spec:\n  primary: ct2 # why\n  x: 1\n'],
    ['--- # start\nspec:\n  primary: a\n...\n', '--- # start\nspec:\n  primary: ct2\n...\n'],
    ['{"spec": {"primary": "a", "n": [1]}}', '{"spec": {"primary": "ct2", "n": [1]}}'],
    ['p: &p a\nspec:\n  primary: *p\n', 'p: &p a\nspec:\n  primary: ct2\n'],
    ['spec:\n  primary: &p a\n', 'spec:\n  primary: &p ct2\n'],
    ['\uFEFFspec:\n  primary: a', '\uFEFFspec:\n  primary: ct2'],
  ];
  for (const [before, after] of cases) assert.equal(setSpecPrimary(before, 'ct2'), after);
});

test('a name that YAML would read as something else is quoted', () => {
  for (const name of ['100', 'true', 'no', 'null', '1e3', '0x1f', 'y']) {
    assert.equal(setSpecPrimary('spec:\n  primary: a # c\n', name), `spec:\n  primary: "${name}" # c\n`);
  }
});

test('paused is changed where it stands and added at the end of spec where it does not', () => {
  assert.equal(setPaused(quantshift, true), quantshift.replace('paused: false', 'paused: true'));
  const cases: [string, string][] = [
    ['spec:\n  primary: a # c\n', 'spec:\n  primary: a # c\n  paused: true\n'],
    ['spec:\n  primary: a', 'spec:\n  primary: a\n  paused: true'],
    ['spec:\r\n    primary: a\r\nx: 1\r\n', 'spec:\r\n    primary: a\r\n    paused: true\r\nx: 1\r\n'],
    [
      'spec:\n  a:\n    - b: |\n        text\n\n# end\nx: 1\n',
      'spec:\n  a:\n    - b: |\n        text\n  paused: true\n\n# end\nx: 1\n',
    ],
    [
      'spec: {primary: a, b: [1,\n  2] # c\n  }\n',
      'spec: {primary: a, b: [1,\n  2], paused: true # c\n  }\n',
    ],
    ['spec: {primary: a, }\n', 'spec: {primary: a, paused: true, }\n'],
    ['spec: {}\n', 'spec: {paused: true}\n'],
    ['spec:\n', 'spec: {paused: true}\n'],
    ['spec:\n  a:\n  # c\nx: 1\n', 'spec:\n  a:\n  paused: true\n  # c\nx: 1\n'],
    ['{"spec": {"primary": "a"}}', '{"spec": {"primary": "a", "paused": true}}'],
  ];
  for (const [before, after] of cases) assert.equal(setPaused(before, true), after);
});

test('an annotation is added with its parents, or changed, and is always text', () => {
  const key = 'understudy.dev/failback';
  const cases: [string, string][] = [
    [
      'metadata:\n  name: q # c\nspec: {}\n',
      `metadata:\n  name: q # c\n  annotations:\n    ${key}: "7"\nspec: {}\n`,
    ],
    ['metadata: {name: q} # c\n', `metadata: {name: q, annotations: {${key}: "7"}} # c\n`],
    ['metadata:\n  annotations: {}\n', `metadata:\n  annotations: {${key}: "7"}\n`],
    ['metadata:\n  annotations:\n  name: q\n', `metadata:\n  annotations: {${key}: "7"}\n  name: q\n`],
    ['metadata:\n  annotations:\n      a: b\n', `metadata:\n  annotations:\n      a: b\n      ${key}: "7"\n`],
    [`metadata:\n  annotations:\n    ${key}: '6' # c\n`, `metadata:\n  annotations:\n    ${key}: '7' # c\n`],
    [`metadata: {annotations: {${key}: six}}\n`, `metadata: {annotations: {${key}: "7"}}\n`],
    ['{"metadata": {"name": "q"}}', `{"metadata": {"name": "q", "annotations": {"${key}": "7"}}}`],
  ];
  for (const [before, after] of cases) assert.equal(setAnnotation(before, key, '7'), after);
});

test('an edited example is a good group still', () => {
  const edited = setAnnotation(
    setPaused(setSpecPrimary(quantshift, 'ct101'), true),
    'understudy.dev/confirm-fenced',
    'ct100@7',
  );
  const parsed = parseFailoverGroup(edited, 'q');
  assert.ok(parsed.ok);
  assert.deepEqual([parsed.group.spec.primary, parsed.group.spec.paused], ['ct101', true]);
  assert.deepEqual(parsed.group.metadata.annotations, { 'understudy.dev/confirm-fenced': 'ct100@7' });
});

test('what cannot be edited without touching something else is refused', () => {
  const refused = (text: string, code: string) => {
    assert.throws(
      () => setSpecPrimary(text, 'b'),
      (error) => error instanceof EditError && error.code === code,
      text,
    );
  };
  refused('spec:\n  primary: &p a\n  other: *p\n', 'Unsupported');
  refused('a: &s {primary: a}\nspec: *s\n', 'Unsupported');
  refused('spec: &s {primary: a}\nother: *s\n', 'Unsupported');
  refused('spec:\n  primary: [a]\n', 'Unsupported');
  refused('spec: text\n', 'Unsupported');
  refused('spec: [\n', 'Unreadable');
  refused('', 'Unreadable');
  refused('- a\n', 'Unreadable');
  refused('spec: {primary: a}\n---\nspec: {primary: a}\n', 'Unreadable');
  refused('spec: {primary: a, primary: b}\n', 'Unreadable');
  refused(`spec: ${'['.repeat(100_000)}`, 'Unreadable');
});
