import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { bootId, group, lock, verdict } from './node-stage.ts';
import { onShells } from './on-shells.ts';

const unit = 'quantshift-equity.service';
const epochFile = `root/var/lib/understudy/${group}/epoch`;

onShells('epochs', (stage) => {
  it('the highest is kept, and a lower one is refused by every verb that changes something', async () => {
    await stage().unit(unit);
    await stage().put('root/dump.rdb', 'data');
    assert.equal(verdict(await stage().run(['stop', group, '9', unit])), 'done');
    assert.equal(await stage().get(epochFile), '9\n');
    const before = await stage().called();
    const verbs = [
      ['start', group, '8', unit],
      ['stop', group, '8', unit],
      ['stop-redis', group, '8', unit],
      ['start-redis', group, '8', unit],
      ['copy', group, '8', '2', '/dump.rdb'],
      ['arm', group, '8', '1010', bootId, 'ab', '3', '6379', '-', unit],
      ['disarm', group, '8'],
    ];
    for (const words of verbs)
      assert.match(verdict(await stage().run(words)), /^refused EpochTooOld /, words.join(' '));
    assert.deepEqual(await stage().called(), before);
  });

  it('an order that comes after it was meant to, or after a boot, is refused and raises nothing', async () => {
    await stage().unit(unit);
    // The uptime is 1000.
    const other = bootId.replace('0b', '1c');
    for (const late of [`5/1000/${bootId}`, `5/999.99/${bootId}`, `5/1003/${other}`])
      for (const verb of ['start', 'stop'])
        assert.match(verdict(await stage().run([verb, group, late, unit])), /^refused TooLate /, late);
    assert.equal(await stage().get(epochFile), undefined);
    assert.equal(verdict(await stage().run(['start', group, `5/1000.01/${bootId}`, unit])), 'done');
    assert.equal(await stage().get(epochFile), '5\n');
    for (const wrong of ['5/', '5/1003', '5/x/y', `5/1003/${bootId}/6`, `/1003/${bootId}`])
      assert.match(
        verdict(await stage().run(['start', group, wrong, unit])),
        /^refused InvalidArgument /,
        wrong,
      );
  });

  it('the same and a higher one are taken, by number and not by letter', async () => {
    await stage().unit(unit);
    for (const epoch of ['9', '9', '10', '100']) {
      assert.equal(verdict(await stage().run(['stop', group, epoch, unit])), 'done');
      assert.equal(await stage().get(epochFile), `${epoch}\n`);
    }
  });

  it('are kept of each group apart', async () => {
    await stage().run(['stop', group, '9', unit]);
    assert.equal(verdict(await stage().run(['stop', 'another', '1', unit])), 'done');
  });

  it('a higher one is kept before anything is done', async () => {
    const note = `cat '${join(stage().folder, epochFile)}' >seen`;
    await stage().unit(unit, 'inactive', { 'on-start': `${note}; echo active >ActiveState` });
    await stage().run(['start', group, '5', unit]);
    assert.equal(await stage().get(`state/units/${unit}/seen`), '5\n');
  });

  it('a damaged file is no epoch 0', async () => {
    await stage().put(epochFile, '');
    assert.match(verdict(await stage().run(['stop', group, '1', unit])), /^unknown /);
  });

  it('of many orders at once the highest ends as the last one done', async () => {
    await stage().unit(unit, 'inactive', { 'on-start': 'true' });
    await stage().put(`state/units/${unit}/on-stop`, `cat '${join(stage().folder, epochFile)}' >>order`);
    const epochs = [3, 1, 4, 1, 5, 9, 2, 6];
    const said = await Promise.all(
      epochs.map(async (epoch) => verdict(await stage().run(['stop', group, String(epoch), unit]))),
    );
    for (const one of said) assert.match(one, /^(done|refused EpochTooOld .*)$/);
    const order = ((await stage().get(`state/units/${unit}/order`)) ?? '').trim().split('\n').map(Number);
    assert.deepEqual(
      order,
      order.toSorted((one, other) => one - other),
    );
    assert.equal(order.at(-1), 9);
    assert.equal(order.length, said.filter((one) => one === 'done').length);
  });

  it('an order waits for the one before it, and its epoch is judged afterwards', async () => {
    await stage().unit(unit);
    const file = join(stage().folder, 'root', lock);
    await mkdir(dirname(file), { recursive: true });
    await stage().put(epochFile, '1\n');
    const holder = spawn('flock', [file, 'sh', '-c', 'echo held; read -r line']);
    await once(holder.stdout, 'data');
    const waiting = stage().run(['stop', group, '2', unit]);
    await stage().put(epochFile, '3\n');
    holder.stdin.end('\n');
    assert.match(verdict(await waiting), /^refused EpochTooOld /);
  });
});
