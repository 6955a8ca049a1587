import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { parseFailoverGroup } from '../../../crd/parse.ts';
import { startPair } from '../../redis/redis-pair.ts';
import { groupDocument } from './group-document.ts';

test('the group that the benches run is one that the schema accepts', async (t) => {
  const pair = await startPair();
  t.after(() => pair.stop());
  const parsed = parseFailoverGroup(
    stringify(groupDocument(pair, { passwordFile: '/run/password', folder: '/run', units: ['bot.service'] })),
    'group.yaml',
  );
  assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
});
