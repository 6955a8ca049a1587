/**
 * docs/two-hosts.md on real hosts, its own blocks in its own order, with the controller as a service on a third:
 * `node --test test/lab/controller-service.lab.ts`, as root, 2 minutes.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../redis/until.ts';
import { makeBare } from './bare-redis.ts';
import { Lab } from './lab.ts';
import { LabPaths } from './lab-paths.ts';
import { blocksOf, type PageBlock, yamlOf } from './page-blocks.ts';

const lab = new Lab({ folder: join(LabPaths.shared, `service-${process.pid}`), say: console.error });
const controller = 'ct102';
const folder = '/var/lib/understudy-controller';
const page = readFileSync(join(import.meta.dirname, '../../docs/two-hosts.md'), 'utf8');
const password = () => readFileSync(lab.passwordFile, 'utf8').trim();

async function on(node: string, command: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await lab.ssh(node, command, { input });
  assert.equal(code, 0, `on ${node}: ${command}\n${stdout}${stderr}`);
  return stdout.trim();
}

const machines = ({ where }: PageBlock): string[] => {
  const named = where.split(/[,:]/)[0]?.split(' and ') ?? [];
  return named.map((name) => ({ 'the controller': controller, 'the hypervisor': 'n2' })[name] ?? name);
};

/** What a reader pastes where the page has him paste; else nothing. */
const pasted = ({ where }: PageBlock): string => (where.includes('paste') ? `${password()}\n` : '');

/** Runs what a section has one run, and gives what was to be seen. The lab's hosts have the checkout; nobody is there to watch. */
async function follow(heading: string): Promise<string> {
  const seen: string[] = [];
  for (const block of blocksOf(page, heading).filter(({ where }) => !/once|q ends it/.test(where)))
    for (const node of machines(block)) seen.push(await on(node, `set -e\n${block.script}`, pasted(block)));
  return seen.join('\n');
}

const understudy = (words: string) =>
  lab.ssh(controller, `cd ${folder} && understudy --file quantshift.yaml ${words}`);

/** What `status` says; its exit code tells whether all is well. */
const headline = async (): Promise<string> =>
  (await understudy('status')).stdout.replaceAll(/\s+/g, ' ').replaceAll('\u001b', '');

const sees = (what: string, timeoutMs = 20_000) =>
  until(`status says: ${what}`, async () => (await headline()).includes(what), { timeoutMs, everyMs: 200 });

const converged = 'ct100 leads, as requested; its standby ct101 is in sync; 2 units run there.';

before(async () => {
  await lab.up({ nodes: 3, hypervisor: true });
  for (const node of ['ct100', 'ct101']) await makeBare(lab, node);
  await on(controller, 'systemctl disable --now redis-server; mkdir -p /root/.ssh');
  await on(controller, '(umask 077; cat >/root/.ssh/id_ed25519)', readFileSync(lab.privateKeyFile, 'utf8'));
});
after(() => lab.clean());

test('1 to 5: Redis, the programs, the secrets, the group, the service', async () => {
  assert.match(await follow('1. '), /Restart=no/);
  await follow('2. ');
  const scanned = await follow('3. ');
  for (const node of ['ct100', 'ct101']) {
    const [, own] = (await on(node, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ');
    assert.ok(own !== undefined && scanned.includes(own), 'the fingerprints can be compared');
  }
  await on(controller, `mkdir -p ${folder}; cat >${folder}/quantshift.yaml`, yamlOf(page, 'apiVersion'));
  assert.match(await follow('4. '), /valid \(quantshift\)/);
  const started = await follow('5. ');
  assert.match(started, /^active$/m);
  const level = Number(/understudy\.service: (\d+\.\d+)/.exec(started)?.[1]);
  assert.ok(level < 3, started);
});

test('6: the key that was installed can do nothing else', async () => {
  assert.match(
    await follow('6. '),
    /Tried: .* on ct100 and nothing else[\s\S]*Tried: .* on ct101 and nothing/,
  );
  const shell = 'ssh -i /etc/understudy/ssh-key -o UserKnownHostsFile=/etc/understudy/known-hosts';
  for (const words of ['id', 'understudy-node start quantshift 1 ssh.service'])
    assert.match(await on(controller, `${shell} understudy@10.92.3.27 ${words}`), /refused/);
  await on('ct101', 'systemctl start quantshift-equity');
  const { stdout } = await lab.ssh('ct101', 'systemctl is-active quantshift-equity');
  assert.equal(stdout, 'inactive\n', 'the guard holds it back');
});

test('7: the plan, and go', async () => {
  const masters = async () =>
    (await Promise.all(['n27', 'n28'].map((node) => lab.redis(node, 'ROLE')))).join();
  assert.equal((await masters()).match(/master/g)?.length, 2, 'a paused group is left alone');
  assert.match(await follow('7. '), /Start quantshift-equity[\s\S]*Make ct101 a replica/);
  await sees(converged);
});

test('8: the first switchover, there and back, and by an edit with the controller killed in the midst', async () => {
  assert.match(
    await follow('8. '),
    /ct101 leads \([\s\S]*nothing lost[\s\S]*ct100 leads \([\s\S]*nothing lost/,
  );
  const born = await on(controller, 'systemctl show -P MainPID understudy');
  await on(controller, `sed -i 's/primary: ct100/primary: ct101/' ${folder}/quantshift.yaml`);
  await on(controller, 'systemctl kill --signal=KILL understudy');
  await sees('ct101 leads, as requested; its standby ct100 is in sync; 2 units run there.');
  assert.notEqual(await on(controller, 'systemctl show -P MainPID understudy'), born);
  assert.equal((await understudy('switchover ct100')).code, 0);
});

test('9: the first failover, and back', async () => {
  const [crash, mend, back] = blocksOf(page, '9. ');
  assert.ok(crash && mend && back);
  await on('ct100', crash.script);
  await sees('ct101 leads, but: ct100 is not running');
  await until('its units run there', async () => (await headline()).includes('2 running'));
  await on('ct100', mend.script);
  await until('it follows', async () => /ct100 replica up up/.test(await headline()));
  assert.match(await on(controller, back.script), /ct100 leads[\s\S]*nothing lost/);
  await sees(converged);
});

test('fencing from outside: a host that is frozen is switched off', async () => {
  assert.match(await await fenceOfThePage(), /status: running/);
  await sees(converged);
  await lab.freeze('n27');
  await sees('ct101 leads, but: ct100 cannot be used', 40_000);
  const { stdout } = await understudy('status --json');
  assert.deepEqual([lab.isOn('n27'), /"proof":"PoweredOff"/.test(stdout)], [false, true]);
  await lab.boot('n27');
  await until('it follows', async () => /ct100 replica up up/.test(await headline()), { timeoutMs: 20_000 });
  assert.equal((await understudy('failback')).code, 0);
});

/** Each node gets the page's fence, with its own number; then all that the section has one run. */
async function fenceOfThePage(): Promise<string> {
  const fence = yamlOf(page, 'fence:');
  const group = await on(controller, `cat ${folder}/quantshift.yaml`);
  const fenced = group
    .replace(/( +ssh: \{host: 10\.92\.3\.27.*\n)/, `$1${fence}`)
    .replace(/( +ssh: \{host: 10\.92\.3\.28.*\n)/, `$1${fence.replaceAll('"100"', '"101"')}`);
  assert.equal(fenced.split('confirm:').length, 3);
  await on(controller, `cat >${folder}/quantshift.yaml`, `${fenced}\n`);
  const seen = await follow('Fencing from outside');
  assert.match(await on(controller, `cd ${folder} && understudy --file quantshift.yaml validate`), /: valid/);
  const more =
    'ssh -i /etc/understudy/ssh-key -o UserKnownHostsFile=/etc/understudy/known-hosts root@10.92.3.2';
  assert.match((await lab.ssh(controller, `${more} pct start 100`)).stderr, /refused: pct start 100/);
  return seen;
}

test('no secret is to be seen', async () => {
  const key = (await on(controller, 'sed -n 3p /etc/understudy/ssh-key')).slice(0, 40);
  for (const node of [controller, 'n27', 'n28']) {
    const seen = await on(
      node,
      `cat /proc/[0-9]*/cmdline | tr '\\0' ' '; journalctl --no-pager; systemctl show '*.service' --no-pager; cat ${folder}/*.json 2>/dev/null || :`,
    );
    assert.ok(seen.length > 1_000);
    assert.ok(!seen.includes(password()), `the password is to be seen on ${node}`);
    assert.ok(!seen.includes(key), `the key is to be seen on ${node}`);
  }
});

test('away with it: Redis and the programs go on, and nothing of it is left on the nodes', async () => {
  await on(controller, `sed -i 's/^spec:/spec:\\n  failover: {leaseSeconds: 0}/' ${folder}/quantshift.yaml`);
  const [pause, remove] = blocksOf(page, 'Away with it');
  assert.ok(pause && remove);
  assert.match(await on(controller, pause.script), /Paused/);
  const watches = "systemctl list-units --no-legend 'understudy-lease*'";
  await until('the watches have ended', async () => (await on('ct100', watches)) === '');
  await on(controller, `set -e\n${remove.script}`);
  assert.equal(await on('ct100', 'systemctl is-active quantshift-equity redis-server'), 'active\nactive');
  assert.match(await lab.redis('n27', 'CONFIG', 'GET', 'min-replicas-to-write'), /\n0$/);
  for (const node of ['ct100', 'ct101'])
    assert.equal(
      await on(
        node,
        'ls -d /etc/understudy /etc/sudoers.d/understudy /etc/systemd/system/quantshift-*.d 2>/dev/null; id -u understudy 2>/dev/null || :',
      ),
      '',
    );
});
