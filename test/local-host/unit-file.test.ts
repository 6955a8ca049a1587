import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitWords } from '../../controller/local-host/split-words.ts';
import { parseTimeSpan } from '../../controller/local-host/time-span.ts';
import { expandWords } from '../../controller/local-host/unit-environment.ts';
import { parseUnitFile, type UnitDefinition } from '../../controller/local-host/unit-file.ts';

const file = '/units/bot@equity.service';

function defined(text: string): UnitDefinition {
  const parsed = parseUnitFile(text, file);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problem);
  return parsed.definition;
}

test('a unit file is read with its quotes, continuations and defaults', () => {
  const unit = defined(`# comment
[Unit]
Description=anything
[Service]
Type=simple
MemoryMax=1G
ExecStart=/usr/bin/bot --name "two words" \\
  # a comment between the lines
  'it''s' a\\x41\\tb %n %i 100%%
Environment="A=1 2" B=3
Environment='C="x"'
EnvironmentFile=-/etc/default/bot
WorkingDirectory=/srv
TimeoutStopSec=1min 500ms
KillSignal=INT
Restart=on-failure
RestartSec=250ms
[Install]
WantedBy=multi-user.target
`);
  assert.deepEqual(unit, {
    command: ['/usr/bin/bot', '--name', 'two words', 'its', 'aA\tb', 'bot@equity.service', 'equity', '100%'],
    environment: [
      ['A', '1 2'],
      ['B', '3'],
      ['C', '"x"'],
    ],
    environmentFiles: [{ path: '/etc/default/bot', optional: true }],
    workingDirectory: '/srv',
    stopSeconds: 60.5,
    killSignal: 'SIGINT',
    restart: 'on-failure',
    restartSeconds: 0.25,
  });
});

test('what is left out has its default, and an empty value clears what came before', () => {
  const unit = defined(`[Service]
ExecStart=/bin/old
ExecStart=
ExecStart=/bin/new
Environment=A=1
Environment=
`);
  assert.deepEqual(unit, {
    command: ['/bin/new'],
    environment: [],
    environmentFiles: [],
    workingDirectory: '/',
    stopSeconds: 10,
    killSignal: 'SIGTERM',
    restart: 'no',
    restartSeconds: 0.1,
  });
});

for (const { lines, problem } of [
  { lines: [''], problem: /bot@equity\.service: \[Service\] has no ExecStart=/ },
  { lines: ['ExecStart=bot'], problem: /:2: ExecStart= bot: must be an absolute path/ },
  { lines: ['ExecStart=-/bin/bot'], problem: /:2: ExecStart= .*prefix is not supported/ },
  { lines: ['ExecStart=/bin/a', 'ExecStart=/bin/b'], problem: /:3: ExecStart= stands twice/ },
  { lines: ['ExecStart=/bin/a "b'], problem: /:2: ExecStart= the quote " is not closed/ },
  { lines: ['ExecStart=/bin/a \\q'], problem: /:2: ExecStart= unknown escape/ },
  { lines: ['ExecStart=/bin/a %H'], problem: /:2: ExecStart= holds an unknown specifier/ },
  { lines: ['Restart=sometimes'], problem: /:2: Restart= sometimes: must be one of no, on-failure, always/ },
  { lines: ['TimeoutStopSec=soon'], problem: /:2: TimeoutStopSec= soon: must be a time/ },
  { lines: ['KillSignal=SIGNOT'], problem: /:2: KillSignal= SIGNOT: must be the name of a signal/ },
  { lines: ['Environment=A'], problem: /:2: Environment= has no NAME=value in word 1/ },
  { lines: ['EnvironmentFile=relative'], problem: /:2: EnvironmentFile= relative: must be an absolute/ },
  { lines: ['WorkingDirectory=~'], problem: /:2: WorkingDirectory= ~: must be an absolute path/ },
  { lines: ['Type=forking'], problem: /:2: Type= forking is not supported/ },
  { lines: ['User=somebody-else'], problem: /:2: User= somebody-else: a unit of the local host runs as/ },
  { lines: ['ExecStartPre=/bin/true'], problem: /:2: ExecStartPre= is not supported/ },
  { lines: ['no assignment'], problem: /:2: is neither a \[Section\] nor Name=value/ },
])
  test(`refused with file and line: ${lines.join(' / ') || 'a unit without a program'}`, () => {
    const parsed = parseUnitFile(`[Service]\n${lines.join('\n')}\n`, file);
    assert.ok(!parsed.ok);
    assert.match(parsed.problem, problem);
  });

test('a value of the environment is in no problem', () => {
  const parsed = parseUnitFile('[Service]\nEnvironment=PASSWORD=hunter2 hunter3\n', file);
  assert.ok(!parsed.ok);
  assert.doesNotMatch(parsed.problem, /hunter/);
});

test('words keep what only a shell would read', () => {
  assert.deepEqual(splitWords(`/bin/a  "b\\"c" d'e f'g $X ; | > * \\\\`), {
    ok: true,
    words: ['/bin/a', 'b"c', 'de fg', '$X', ';', '|', '>', '*', '\\'],
  });
});

test('variables are put in as systemd does', () => {
  const environment = { LIST: 'one  two', EMPTY: '' };
  const braced = (name: string) => `\${${name}}`;
  assert.deepEqual(
    expandWords(['$LIST', `a${braced('LIST')}b`, '$$LIST', 'x$LIST', '$EMPTY', braced('GONE')], environment),
    ['one', 'two', 'aone  twob', '$LIST', 'x$LIST', ''],
  );
});

test('time spans', () => {
  const spans = { '10': 10, '500ms': 0.5, '1min 30s': 90, '2h': 3600, infinity: 3600, '1.5': 1.5 };
  for (const [text, seconds] of Object.entries(spans)) assert.equal(parseTimeSpan(text), seconds, text);
  for (const text of ['', 'soon', '-1', '5 parsecs', '5constructor'])
    assert.equal(parseTimeSpan(text), undefined, text);
});
