import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { setAnnotation, setPaused, setSpecPrimary } from '../../crd/edit.ts';

const numRuns = Number(process.env.UNDERSTUDY_PROPERTY_RUNS ?? 5000);

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/);
/** What may stand behind a value, and lines that may stand between two fields. Each comment is `#` and a text. */
const tail = fc.constantFrom('', ' ', '   # tail: [x', ' # "tail', '\t# tab');
const between = fc.array(
  fc.constantFrom('', '# plain', '    # deep: {', '#', '  # primary: no', '# paused: true'),
  { maxLength: 2 },
);
const quote = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => `'${text}'`,
  (text) => `"${text}"`,
  (text) => `! ${text}`,
);

interface Piece {
  readonly lines: readonly string[];
}

/** One field as lines without the indentation of their section. */
function field(text: fc.Arbitrary<string>): fc.Arbitrary<Piece> {
  return fc.tuple(between, text, tail).map(([above, body, behind]) => {
    const [first, ...rest] = body.split('\n');
    return { lines: [...above, `${first}${rest.length === 0 ? behind : ''}`, ...rest] };
  });
}

const fillers = [
  'units: [{name: a.service}, {name: b.service}]',
  'nodes:\n- name: a\n  redis: {host: h}\n- name: b # second\n  redis:\n    host: h2',
  'failover:\n   mode: Manual # why\n\n   cooldownSeconds: 3',
  'note: |\n  a text # no comment\n\n  primary: not this one',
  'folded: >-\n  one\n  two',
  'flow: {a: 1,\n  b: [2, 3], # inner\n  c: "x"}',
  'switchover:',
];

const spec = fc.record({
  primary: field(fc.tuple(quote, word).map(([q, w]) => `primary: ${q(w)}`)),
  paused: fc.option(field(fc.constantFrom('paused: false', 'paused:   true', 'paused:'))),
  others: fc
    .shuffledSubarray(fillers)
    .chain((texts) => fc.tuple(...texts.map((text) => field(fc.constant(text))))),
  order: fc.tuple(fc.nat(8), fc.nat(8)),
});

const metadata = fc.oneof(
  field(fc.constantFrom('{name: q}', '{ name: q , annotations: {a: b}}', '{name: q, annotations: {}}')),
  fc.tuple(
    field(fc.constant('name: q')),
    fc.option(
      field(
        fc.constantFrom(
          'annotations: {a: "b"}',
          'annotations:',
          'annotations:\n     a: b # c',
          'annotations:\n  understudy.dev/failback: "3"',
        ),
      ),
    ),
  ),
);

function indented(pieces: readonly Piece[], width: number): string[] {
  return pieces.flatMap(({ lines }) =>
    lines.map((line) => (line === '' ? '' : `${' '.repeat(width)}${line}`)),
  );
}

const text = fc
  .record({
    spec,
    metadata,
    width: fc.integer({ min: 1, max: 5 }),
    eol: fc.constantFrom('\n', '\r\n'),
    frame: fc.constantFrom('', '---\n', '# head\n--- # start\n', '\uFEFF'),
    ending: fc.constantFrom('', '\n', '\n# end', '\n...\n'),
    specFirst: fc.boolean(),
  })
  .map(({ spec: parts, metadata: meta, width, eol, frame, ending, specFirst }) => {
    const pieces = [...parts.others];
    for (const [index, piece] of [
      parts.primary,
      ...(parts.paused === null ? [] : [parts.paused]),
    ].entries()) {
      pieces.splice((parts.order[index] ?? 0) % (pieces.length + 1), 0, piece);
    }
    const specLines = ['spec:', ...indented(pieces, width)];
    const metaLines = Array.isArray(meta)
      ? [
          'metadata: # of it',
          ...indented(
            meta.filter((piece) => piece !== null),
            width,
          ),
        ]
      : (meta as Piece).lines.map((line) => (line.startsWith('{') ? `metadata: ${line}` : line));
    const lines = specFirst ? [...specLines, ...metaLines] : [...metaLines, ...specLines];
    return (frame + lines.join('\n') + ending).replaceAll('\n', eol);
  });

function commentsOf(document: string): string[] {
  return [...document.matchAll(/#[^\r\n]*/g)].map(([comment]) => comment).sort();
}

interface Edit {
  readonly edited: string;
  readonly apply: (document: { spec: Record<string, unknown>; metadata: Record<string, unknown> }) => void;
}

function onlyThatChanged(before: string, { edited, apply }: Edit): void {
  const wanted = parse(before);
  apply(wanted);
  assert.deepEqual(parse(edited), wanted);
  assert.deepEqual(commentsOf(edited), commentsOf(before));
  // Line ends stay what they were, all of them.
  if (before.includes('\r\n')) assert.doesNotMatch(edited, /[^\r]\n/);
  else assert.doesNotMatch(edited, /\r/);
}

test('an edit of the primary changes that one value, every comment and every other line stays', () => {
  fc.assert(
    fc.property(text, fc.oneof(word, fc.constantFrom('no', '7', 'null')), (before, node) => {
      const edited = setSpecPrimary(before, node);
      onlyThatChanged(before, {
        edited,
        apply: (document) => {
          document.spec.primary = node;
        },
      });
      const changed = before.split('\n').filter((line, index) => line !== edited.split('\n')[index]);
      assert.ok(changed.length <= 1);
    }),
    { numRuns },
  );
});

test('an edit of paused changes that one value or adds one line', () => {
  fc.assert(
    fc.property(text, fc.boolean(), (before, paused) => {
      const edited = setPaused(before, paused);
      onlyThatChanged(before, {
        edited,
        apply: (document) => {
          document.spec.paused = paused;
        },
      });
      assert.ok(edited.split('\n').length - before.split('\n').length <= 1);
    }),
    { numRuns },
  );
});

test('an edit of an annotation changes that one value or adds it with its parents', () => {
  const key = 'understudy.dev/failback';
  fc.assert(
    fc.property(text, fc.oneof(fc.nat().map(String), fc.string()), (before, value) => {
      onlyThatChanged(before, {
        edited: setAnnotation(before, key, value.replaceAll('#', '')),
        apply: (document) => {
          const annotations = (document.metadata.annotations ?? {}) as Record<string, string>;
          document.metadata.annotations = { ...annotations, [key]: value.replaceAll('#', '') };
        },
      });
    }),
    { numRuns },
  );
});
