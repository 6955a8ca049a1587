import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isPlainPath, isUnitName } from '../../controller/ssh-host/script-words.ts';
import { dnsSubdomain } from '../../crd/field-formats.ts';
import { bootId, group, verdict } from './node-stage.ts';
import { onShells } from './on-shells.ts';

const unit = 'quantshift-equity.service';
const badUnits = [
  'x; rm -rf /',
  'x; rm -rf /.service',
  '$(id).service',
  '`id`.service',
  'a b.service',
  'a\nb.service',
  'a.service\ndone',
  '--now.service',
  '-H.service',
  '*.service',
  '[a-z].service',
  '?.service',
  '../x.service',
  'a/b.service',
  'template@.service',
  'a.socket',
  '.service',
  'ä.service',
  '',
  `${'a'.repeat(250)}.service`,
];
const goodUnits = ['a.service', 'a@1.service', 'dev\\x2dsda.service', 'a:b_c.d-e.service', '_x.service'];
const badGroups = [
  '',
  '.',
  '..',
  '../x',
  'a..b',
  'a/b',
  'A',
  '-a',
  'a b',
  'a\n',
  '$(id)',
  '*',
  'a'.repeat(254),
];
const badNumbers = ['', '-1', '1.0', '1e3', '08', '0x1', '$(id)', '1 1', '1\n', '9'.repeat(16)];
const badPaths = ['dump.rdb', '/a/../b', '/a/..', '/..', '/a b', '/a;b', '/$(id)', '/a*', '/a\n/b', ''];

onShells('words', (stage) => {
  const refuses = async (words: readonly string[]) => {
    const said = verdict(await stage().run(words));
    assert.match(said, /^refused InvalidArgument /, JSON.stringify(words));
  };

  it('that are no units are refused by every verb, and nothing is touched', async () => {
    await stage().unit(unit);
    for (const bad of badUnits) await refuses(['start', group, '1', unit, bad]);
    for (const bad of ['x; rm -rf /', '$(id).service', 'a\nb.service', '--now.service']) {
      await refuses(['stop', group, '1', bad]);
      await refuses(['observe', group, unit, bad]);
      await refuses(['observe', group, bad]);
      await refuses(['stop-redis', group, '1', bad]);
      await refuses(['start-redis', group, '1', bad]);
      await refuses(['arm', group, '1', '9', bootId, 'ab', '3', '6379', '-', bad]);
    }
    assert.deepEqual(await stage().called(), []);
    assert.equal(await stage().get(`root/var/lib/understudy/${group}/epoch`), undefined);
  });

  it('that are units are taken, as the adapter takes them', async () => {
    for (const good of goodUnits) {
      await stage().unit(good);
      assert.equal(verdict(await stage().run(['start', group, '1', good])), 'done', good);
      assert.ok(isUnitName(good));
    }
    assert.deepEqual(badUnits.filter(isUnitName), []);
  });

  it('that are no groups are refused', async () => {
    for (const bad of badGroups) await refuses(['stop', bad, '1', unit]);
    assert.deepEqual(
      badGroups.filter((bad) => dnsSubdomain.safeParse(bad).success),
      [],
    );
  });

  it('that are no numbers are refused', async () => {
    for (const bad of badNumbers) await refuses(['stop', group, bad, unit]);
    for (const bad of ['', '-1', '08', '$(id)']) await refuses(['copy', group, '1', bad, '/dump.rdb']);
    for (const bad of ['', '1.', '.5', '1.2.3', '-1', '1e9', '01', '$(id)'])
      await refuses(['arm', group, '1', bad, bootId, 'ab', '3', '6379', '-', unit]);
  });

  it('that are no paths are refused', async () => {
    for (const bad of badPaths) await refuses(['copy', group, '1', '2', bad]);
    assert.deepEqual(badPaths.filter(isPlainPath), []);
  });

  it('that are no boot id, terms or peers are refused', async () => {
    const words = (changed: Readonly<Record<number, string>>) =>
      ['arm', group, '1', '9', bootId, 'ab', '3', '6379', 'a:1', unit].map((word, at) => changed[at] ?? word);
    for (const bad of ['', bootId.slice(1), bootId.replace('0', 'g')]) await refuses(words({ 4: bad }));
    for (const bad of ['', 'xyz', 'a b']) await refuses(words({ 5: bad }));
    for (const bad of ['a', '$(id):1', 'a:1;b:2', 'a:1 b:2', '']) await refuses(words({ 8: bad }));
  });

  it('that are too few or no verb are refused', async () => {
    for (const words of [
      [],
      ['start'],
      ['start', group],
      ['start', group, '1'],
      ['eat', group],
      ['x\ndone', group],
    ])
      await refuses(words);
    for (const words of [
      ['copy', group, '1', '2'],
      ['stop-redis', group, '1'],
      ['observe', group],
    ])
      await refuses(words);
    await refuses(['observe', group, unit, '--lease', '9']);
    await refuses(['arm', group, '1', '9', bootId, 'ab', '3', '6379', '-']);
  });

  it('hello tells how the script got here', async () => {
    const { stdout } = await stage().run(['hello']);
    assert.equal(stdout, 'understudy-node 2\nmode piped\ndone\n');
  });
});
