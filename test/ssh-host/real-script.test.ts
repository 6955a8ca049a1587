import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { Secret } from '../../controller/secret.ts';
import { NodeScript } from '../../controller/ssh-host/node-script.ts';
import { hostAt, startServer } from './ssh-stage.ts';

/** Units are files that hold their state; what else systemd does, the script does not need here. */
const systemctl = `#!/bin/sh
units=$UNDERSTUDY_ROOT/units verb=$1
shift
names=
for word; do case $word in -*) ;; *.service) names="$names $word" ;; esac; done
first=yes
for name in $names; do
  case $verb in
    start) [ -f "$units/$name" ] && echo active >"$units/$name" ;;
    stop) [ ! -f "$units/$name" ] || echo inactive >"$units/$name" ;;
    show)
      [ $first = yes ] || echo
      first=no
      printf 'Id=%s\\nResult=success\\nNRestarts=0\\nMainPID=0\\nRestart=no\\n' "$name"
      if [ -f "$units/$name" ]; then echo LoadState=loaded; else echo LoadState=not-found; fi
      if [ -f "$units/$name" ]; then echo "ActiveState=$(cat "$units/$name")"; else echo ActiveState=inactive; fi
      ;;
  esac
done
`;

const systemdRun = `#!/bin/sh
for word; do case $word in --unit=*) echo active >"$UNDERSTUDY_ROOT/units/\${word#*=}" ;; esac; done
`;

/** A machine on which deploy/understudy-node runs as it is, with the machine's own shell. */
async function machine(context: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'understudy-script-'));
  context.after(() => rm(root, { recursive: true, force: true }));
  const tools = join(root, 'tools');
  for (const folder of ['tools', 'units', 'var/lib', 'run'])
    await mkdir(join(root, folder), { recursive: true });
  await symlink('/proc', join(root, 'proc'));
  for (const [name, text] of [
    ['systemctl', systemctl],
    ['systemd-run', systemdRun],
  ] as const) {
    await writeFile(join(tools, name), text);
    await chmod(join(tools, name), 0o755);
  }
  for (const unit of ['redis-server.service', 'bot.service', 'second.service'])
    await writeFile(join(root, 'units', unit), 'inactive\n');
  const environment = { UNDERSTUDY_ROOT: root, UNDERSTUDY_PATH: tools };
  const server = await startServer(context, { environment });
  return { root, server, script: await NodeScript.read() };
}

test('the script that is sent along starts, stops, copies and tells', async (context) => {
  const { root, server, script } = await machine(context);
  const host = hostAt(context, server.login(), { script });
  assert.deepEqual(await host.startUnits(['bot.service'], 4), { kind: 'done' });
  const view = await host.observe();
  assert.ok(view.state === 'answers', inspect(view));
  assert.equal(view.bootId, (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim());
  assert.deepEqual(
    [view.epoch, ...view.units.map((unit) => unit.state), view.redisUnit?.state],
    [4, 'running', 'stopped', 'stopped'],
  );
  assert.deepEqual(await host.startRedis(4), { kind: 'done' });
  assert.deepEqual(await host.stopRedis(4), { kind: 'done' });
  assert.deepEqual(await host.stopUnits(['bot.service', 'nowhere.service'], 5), { kind: 'done' });
  await writeFile(join(root, 'dump.rdb'), 'kept');
  const copy = await host.copyAside('/dump.rdb', 5, 2);
  assert.ok(copy.kind === 'done', inspect(copy));
  assert.equal(copy.value.bytes, 4);
  assert.equal(await readFile(join(root, copy.value.path), 'utf8'), 'kept');
  const old = await host.startUnits(['bot.service'], 4);
  assert.ok(old.kind === 'refused' && old.reason === 'EpochTooOld', inspect(old));
  const unknown = await host.startUnits(['nowhere.service'], 5);
  assert.ok(unknown.kind === 'refused' && unknown.reason === 'UnknownUnit', inspect(unknown));
});

test('the script is told of the lease, and the password reaches nobody but its file', async (context) => {
  const { root, server, script } = await machine(context);
  const password = new Secret('sesam-oeffne-dich');
  const lease = {
    redisPort: 1,
    peers: [{ host: '127.0.0.1', port: 2 }],
    password,
    stopDeadlineSeconds: 3,
    seconds: 15,
  };
  const host = hostAt(context, server.login(), { script, lease });
  const before = Number.parseFloat(await readFile('/proc/uptime', 'utf8'));
  const leases: unknown[] = [];
  for (let look = 0; look < 2; look += 1) {
    const view = await host.observe({ seconds: 15, epoch: 1 });
    assert.ok(view.state === 'answers', inspect(view));
    leases.push(view.lease?.state);
  }
  const after = Number.parseFloat(await readFile('/proc/uptime', 'utf8'));
  assert.deepEqual(leases, ['armed', 'armed']);
  const run = join(root, 'run/understudy/quantshift');
  assert.equal(await readFile(join(run, 'login'), 'utf8'), '\nsesam-oeffne-dich\n');
  const until = Number(await readFile(join(run, 'lease'), 'utf8'));
  assert.ok(until >= before + 13 && until <= after + 15, `${before} ${until} ${after}`);
  assert.doesNotMatch(server.commands.join('\n'), /sesam/);
});
