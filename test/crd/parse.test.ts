import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { formatProblem, parseFailoverGroup, validateFailoverGroup } from '../../crd/parse.ts';
import { formatPath } from '../../crd/problem.ts';
import { type BadGroup, badGroups, goodGroup } from './bad-groups.ts';

function spoilt({ what, change }: BadGroup): string {
  return change.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `${what}: the good group has no ${from}`);
    return text.replace(from, () => to);
  }, goodGroup);
}

function problemsOf(text: string) {
  const parsed = parseFailoverGroup(text, 'group.yaml');
  return parsed.ok ? [] : parsed.problems;
}

test('the group that the table spoils is a good one', () => {
  assert.deepEqual(problemsOf(goodGroup), []);
});

describe('a bad group is refused with line, path and what would be right', () => {
  for (const bad of badGroups) {
    test(bad.what, () => {
      const problems = problemsOf(spoilt(bad));
      const told = problems.map(({ line, path }) => [line, path]);
      assert.deepEqual(
        told,
        bad.problems.map(([line, path]) => [line, path]),
        problems.map(formatProblem).join('\n'),
      );
      for (const [index, [, , says, suggestion]] of bad.problems.entries()) {
        assert.match(problems[index]?.message ?? '', says);
        assert.equal(problems[index]?.suggestion, suggestion);
      }
    });
  }
});

test('what stands in a place of secrets is never repeated', () => {
  for (const bad of badGroups.filter(({ change }) => change.some(([, to]) => to.includes('hunter2')))) {
    assert.doesNotMatch(problemsOf(spoilt(bad)).map(formatProblem).join('\n'), /hunter2/);
  }
  for (const text of [
    'passwordFrom: *hunter2',
    'passwordFrom: !hunter2 x',
    'passwordFrom: {env: "hunter2!"}',
    'passwordFrom: "hunter2',
  ]) {
    const problems = problemsOf(goodGroup.replace(/passwordFrom: .*/, () => text));
    assert.notEqual(problems.length, 0);
    assert.doesNotMatch(problems.map(formatProblem).join('\n'), /hunter2/);
  }
});

test('an empty file, a file of comments and a file that is no map are refused at line 1', () => {
  for (const text of [
    '',
    '\n\n',
    '# nothing here\n',
    '---\n',
    'just text\n',
    '- a\n- b\n',
    '42\n',
    'null\n',
  ]) {
    const problems = problemsOf(text);
    assert.equal(problems.length, 1, JSON.stringify(text));
    assert.equal(problems[0]?.line, 1, JSON.stringify(text));
    assert.match(problems[0]?.message ?? '', /empty|must be a map/);
  }
});

test('a bomb of aliases is refused at its first alias', () => {
  const levels = Array.from({ length: 12 }, (_, n) =>
    n === 0
      ? 'a0: &a0 [x, x]'
      : `a${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(', ')}]`,
  );
  const [problem, ...others] = problemsOf(`${levels.join('\n')}\n`);
  assert.deepEqual([problem?.line, others.length], [2, 0]);
  assert.match(problem?.message ?? '', /aliases/);
});

test('an alias inside its own anchor, absurd nesting and a huge file are refused without a crash', () => {
  assert.notEqual(problemsOf('spec: &s {redis: *s}\n').length, 0);
  assert.notEqual(problemsOf(`spec: ${'['.repeat(100_000)}`).length, 0);
  assert.match(problemsOf(`# ${'x'.repeat(1_100_000)}`)[0]?.message ?? '', /larger than 1 MiB/);
});

test('names that objects have by themselves are unknown fields like any other', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const problems = problemsOf(goodGroup.replace('  paused: false', () => `  ${name}: {a: 1}`));
    assert.deepEqual(
      problems.map(({ line, path }) => [line, path]),
      [[34, `spec.${name}`]],
    );
  }
});

test('a shared anchor is understood, and what is wrong in it is told where it stands', () => {
  const shared = goodGroup
    .replace('ssh: {host: 10.92.3.2, user: root}', 'ssh: &hypervisor {host: 10.92.3.2, user: root}')
    .replace(
      '28, user: root}\n',
      () =>
        '28, user: root}\n      fence: {ssh: *hypervisor, command: [a], confirm: {command: [b], stdout: c}}\n',
    );
  assert.deepEqual(problemsOf(shared), []);
  const wrong = problemsOf(shared.replace('10.92.3.2, user: root', '10.92.3.2, user: "-x"'));
  assert.deepEqual(
    wrong.map(({ line, path }) => [line, path]),
    [
      [12, 'spec.nodes[0].fence.ssh.user'],
      [12, 'spec.nodes[1].fence.ssh.user'],
    ],
  );
});

test('line ends of Windows and a byte order mark change no line', () => {
  const text = `\uFEFF${goodGroup.replace('port: 6379}\n      ssh: {host: 10.92.3.28', 'port: 0}\n      ssh: {host: 10.92.3.28').replaceAll('\n', '\r\n')}`;
  const told = problemsOf(text).map(({ line, column, path }) => [line, column, path]);
  assert.deepEqual(told, [[16, 33, 'spec.nodes[1].redis.port']]);
});

test('numbers and booleans among the Redis settings become the texts that Redis knows', () => {
  const parsed = parseFailoverGroup(
    goodGroup.replace('save: "900 1"', 'save: "", hz: 20, f: 0.5, b: true, c: false'),
    'f',
  );
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.group.spec.redis.config, {
    maxmemory: '512mb',
    save: '',
    hz: '20',
    f: '0.5',
    b: 'yes',
    c: 'no',
  });
});

test('host names, IPv4 and IPv6 addresses, and unit names with instances are accepted', () => {
  for (const host of [
    'redis-1.example.net',
    '10.0.0.1',
    '::1',
    'fe80::1%eth0',
    '2001:db8::10.0.0.1',
    'ct_100',
  ]) {
    assert.deepEqual(
      problemsOf(goodGroup.replace('{host: 10.92.3.28, port', () => `{host: "${host}", port`)),
      [],
      host,
    );
  }
  for (const unit of ['bot@equity.service', 'a:b_c.d.service', 'dev-disk\\x2dx.service']) {
    assert.deepEqual(problemsOf(goodGroup.replace('quantshift-crypto.service', () => unit)), [], unit);
  }
});

test('a problem is written as file, line, column, path, message and suggestion', () => {
  const [problem] = problemsOf(goodGroup.replace('mode: Automatic', 'mode: automatic'));
  assert.ok(problem);
  assert.equal(
    formatProblem(problem),
    'group.yaml:30:5 spec.failover.mode: must be Automatic or Manual, but is the text "automatic"; did you mean "Automatic"?',
  );
});

test('a parsed group is accepted again as an object and comes back the same', () => {
  const first = parseFailoverGroup(goodGroup, 'group.yaml');
  assert.ok(first.ok);
  assert.deepEqual(validateFailoverGroup(structuredClone(first.group)), first);
});

test('an object of the API server is told by path alone, and its own metadata is let through', () => {
  const parsed = parseFailoverGroup(goodGroup, 'group.yaml');
  assert.ok(parsed.ok);
  const metadata = {
    ...{
      name: 'q',
      namespace: 'default',
      uid: 'u',
      resourceVersion: '7',
      generation: 3,
      creationTimestamp: 't',
    },
    ...{ managedFields: [{ manager: 'kubectl' }], annotations: { 'understudy.dev/failback': 'rubbish' } },
    ...{ labels: { a: 'b' }, finalizers: [], ownerReferences: [{}] },
  };
  assert.ok(validateFailoverGroup({ ...parsed.group, metadata }).ok);
  const bad = validateFailoverGroup({
    ...parsed.group,
    metadata,
    spec: { ...parsed.group.spec, primary: 'x' },
  });
  assert.ok(!bad.ok);
  assert.deepEqual(
    bad.problems.map(({ line, path }) => [line, path]),
    [[0, 'spec.primary']],
  );
  assert.match(bad.problems.map(formatProblem).join(), /^spec\.primary: is "x"/);
  for (const value of [undefined, null, 'text', [], 3]) assert.ok(!validateFailoverGroup(value).ok);
});

/** The paths of all maps with fixed fields in a document; Redis settings, labels and annotations have free names. */
function* mapsOf(value: unknown, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (typeof value !== 'object' || value === null || path.at(-1) === 'config') return;
  if (!Array.isArray(value)) yield path;
  for (const [key, child] of Object.entries(value)) {
    yield* mapsOf(child, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

test('an unknown field is refused in every map of the resource', () => {
  const whole = goodGroup
    .replace('  redis:\n', () => '  redis:\n    tls: {caFrom: {file: /ca}, serverName: s}\n')
    .replace('ssh: {host: 10.92.3.28, user: root}', 'local: {directory: /units}')
    .replace('  paused', () => '  switchover: {}\n  failback: {}\n  paused');
  const group = parse(whole);
  assert.ok(validateFailoverGroup(group).ok);
  const paths = [...mapsOf(group)];
  assert.ok(paths.length >= 25);
  for (const path of paths) {
    const copy = structuredClone(group);
    path.reduce((map, key) => map[key], copy).zzz = 1;
    const result = validateFailoverGroup(copy);
    assert.ok(!result.ok, path.join('.'));
    assert.deepEqual(
      result.problems.map((problem) => problem.path),
      [formatPath([...path, 'zzz'])],
    );
  }
});
