/** What the scenarios rely on, tried on real hosts: `node --test test/lab/smoke.lab.ts`, as root, 1 minute. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../redis/until.ts';
import { ackedKeys, monotonicMs, overlapMs, readBotRecords, runsOf, unitsGapMs } from './bot-log.ts';
import { attempt } from './command.ts';
import { ControlGroup } from './control-group.ts';
import { Lab } from './lab.ts';
import { findNode } from './lab-nodes.ts';
import { LabPaths } from './lab-paths.ts';

const lab = new Lab({ folder: join(LabPaths.shared, `smoke-${process.pid}`), say: console.error });
const records = () => readBotRecords(lab, ['n27', 'n28']);

/** Everything of a lab that could be left behind. */
function traces(): string[] {
  const group = basename(dirname(new ControlGroup(new LabPaths(lab.folder), findNode('n27')).folder));
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const groups = ['unified', 'systemd', ''].flatMap((hierarchy) => {
    const folder = join('/sys/fs/cgroup', hierarchy);
    return existsSync(folder) ? readdirSync(folder).filter((name) => name === group) : [];
  });
  const processes = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && commandLine(pid).includes(lab.folder),
  );
  return [...mounts.filter((line) => line.includes(lab.folder)), ...groups, ...processes.map(commandLine)];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

async function on(node: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await lab.ssh(node, command);
  assert.equal(code, 0, `${command} on ${node}: ${stderr}`);
  return stdout.trim();
}

const pings = async (node: string): Promise<boolean> => {
  const probe = `exec 3<>/dev/tcp/${lab.address(node)}/6379`;
  return (await attempt(lab.enter(['timeout', '1', 'bash', '-c', probe]))).code === 0;
};

const replicates = () =>
  until('n28 replicates', async () => (await lab.redis('n28', 'ROLE')).includes('connected'));

before(() => lab.up({ hypervisor: true }));
after(() => lab.clean());

test('the hosts are installed as the runbook has them', async () => {
  await replicates();
  assert.match(await lab.redis('n27', 'ROLE'), /^master/);
  assert.equal(await lab.redis('n28', 'CONFIG', 'GET', 'save'), 'save\n900 1');
  assert.equal(await on('ct100', 'systemctl is-system-running --wait; hostname'), 'running\nn27');
  assert.equal((await lab.ssh('n27', 'systemctl is-enabled quantshift-equity')).stdout, 'disabled\n');
});

test('bots record their runs and the writes that were acknowledged to them', async () => {
  await on('n27', 'systemctl start quantshift-equity quantshift-crypto');
  await until(
    'both have written',
    async () => records().filter((one) => ackedKeys([one]).length > 20).length === 2,
  );
  const sinceMs = monotonicMs();
  await on('n27', 'systemctl stop quantshift-equity quantshift-crypto');
  await on('n28', 'systemctl start quantshift-equity quantshift-crypto');
  await until(
    'they have moved',
    async () => unitsGapMs(records(), { from: 'n27', to: 'n28', sinceMs }) !== undefined,
  );
  await on('n28', 'systemctl stop quantshift-equity quantshift-crypto');
  assert.equal(overlapMs(records()), 0);
  assert.ok(records().every((one) => runsOf(one).length === 1 && runsOf(one)[0]?.isStopped));
  const keys = ackedKeys(records());
  assert.equal(Number(await lab.redis('n27', 'EXISTS', ...keys)), keys.length);
});

test('a host that is up twice is seen as an overlap', async () => {
  for (const node of ['n27', 'n28']) await on(node, 'systemctl start quantshift-equity');
  await until('it is seen', async () => overlapMs(records()) > 50);
  for (const node of ['n27', 'n28']) await on(node, 'systemctl stop quantshift-equity');
});

test('a cut wire carries nothing, and a healed one does', async () => {
  for (const how of ['drop', 'link', 'controller'] as const) {
    await lab.cut('n27', how);
    assert.equal(await pings('n27'), false, how);
    assert.equal(await pings('n28'), true, how);
    await lab.heal('n27');
    await until(`healed from ${how}`, () => pings('n27'));
  }
});

test('with the controller cut off, and with the hosts split, only that wire is dead', async () => {
  const reach = ['timeout', '1', 'bash', '-c', `exec 3<>/dev/tcp/${lab.address('n27')}/6379`];
  const hostsReachEachOther = async () => (await lab.console('n28', reach)).code === 0;
  await lab.cut('n27', 'controller');
  assert.deepEqual([await pings('n27'), await hostsReachEachOther()], [false, true]);
  await lab.heal('n27');
  await lab.split();
  assert.deepEqual(
    [await pings('n27'), await pings('n28'), await hostsReachEachOther()],
    [true, true, false],
  );
  await lab.unsplit();
  await until('healed', hostsReachEachOther);
});

test('pct at the hypervisor cuts the power of a host, and its disk is kept', async () => {
  await lab.heal('n27');
  await replicates();
  await on('n27', 'echo kept >/root/note; systemctl start quantshift-crypto');
  await until('it runs', async () => records().some((one) => runsOf(one).some((run) => !run.isStopped)));
  assert.equal(await on('hypervisor', 'pct status 100'), 'status: running');
  await on('hypervisor', 'pct stop 100');
  assert.equal(await on('hypervisor', 'pct status 100'), 'status: stopped');
  assert.equal(lab.isOn('n27'), false);
  assert.equal(readFileSync(join(lab.disk('n27'), 'root/note'), 'utf8'), 'kept\n');
  assert.match(await lab.redis('n28', 'INFO', 'replication'), /master_link_status:up/);
  await lab.boot('n27', { clockOffset: '+1h' });
  assert.equal(
    await on('n27', 'cat /root/note; systemctl is-active quantshift-crypto || true'),
    'kept\ninactive',
  );
});

test('the clock of a host is wrong by an hour for its units and sessions, and nothing else is', async () => {
  const seconds = Number(await on('n27', 'date +%s'));
  assert.ok(Math.abs(seconds - 3_600 - Date.now() / 1_000) < 60);
  await until('Redis is up', async () => (await lab.redis('n27', 'PING')) === 'PONG');
  const [redisSeconds] = (await lab.redis('n27', 'TIME')).split('\n');
  assert.ok(Math.abs(Number(redisSeconds) - 3_600 - Date.now() / 1_000) < 60);
  assert.ok(Math.abs(Number(await on('n27', 'systemd-run -q --pipe date +%s')) - seconds) < 60);
  assert.equal(await on('n27', 'systemctl is-system-running --wait'), 'running');
  const before = monotonicMs();
  await on('n27', 'systemctl start quantshift-crypto');
  const lastRun = () => records().flatMap((one) => (one.node === 'n27' ? runsOf(one).slice(-1) : []));
  const started = await until('it runs', async () => lastRun().find((run) => run.fromMs > before));
  assert.ok(started.fromMs < monotonicMs());
  await on('n27', 'systemctl stop quantshift-crypto');
});

test('a frozen host does nothing, even when its power is cut it stays silent', async () => {
  await lab.freeze('n28');
  assert.equal((await lab.status()).nodes[1]?.power, 'frozen');
  await lab.thaw('n28');
  await on('n28', 'true');
  await lab.freeze('n28');
  await on('hypervisor', 'pct stop 101');
  assert.equal(lab.isOn('n28'), false);
  await lab.boot('n28');
});

test('a host reboots by itself, and shuts down in order', async () => {
  const bootId = await on('n28', 'cat /proc/sys/kernel/random/boot_id');
  await lab.ssh('n28', 'systemctl reboot');
  await until(
    'it is back',
    async () => {
      const { code, stdout } = await lab.ssh('n28', 'cat /proc/sys/kernel/random/boot_id');
      return code === 0 && stdout.trim() !== bootId;
    },
    { timeoutMs: 30_000 },
  );
  await lab.shutdown('n28');
  assert.equal(lab.isOn('n28'), false);
});

test('down leaves nothing behind', async () => {
  await lab.down();
  assert.deepEqual(traces(), []);
});
