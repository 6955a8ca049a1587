/**
 * docs/two-hosts.md, step by step on real hosts, with the controller as a service on a third:
 * `node --test test/lab/controller-service.lab.ts`, as root, 1 minute.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../redis/until.ts';
import { Lab } from './lab.ts';
import { LabPaths } from './lab-paths.ts';

const lab = new Lab({ folder: join(LabPaths.shared, `service-${process.pid}`), say: console.error });
const controller = 'n29';
const page = readFileSync(join(import.meta.dirname, '../../docs/two-hosts.md'), 'utf8');

async function on(node: string, command: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await lab.ssh(node, command, { input });
  assert.equal(code, 0, `${command} on ${node}: ${stdout}${stderr}`);
  return stdout.trim();
}

/** An understudy command where the page has it run. */
const understudy = (words: string): Promise<string> =>
  on(controller, `cd /var/lib/understudy-controller && understudy --file quantshift.yaml ${words}`);

/** The page's own YAML of the group. */
function groupOfThePage(): string {
  const yaml = /```yaml\n(apiVersion[\s\S]*?)```/.exec(page)?.[1];
  assert.ok(yaml, 'the page has no group');
  return yaml;
}

/** What `status` says; its exit code tells whether all is well, and between two lives of the service there are no secrets. */
async function headline(): Promise<string> {
  const command = 'cd /var/lib/understudy-controller && understudy --file quantshift.yaml status';
  return (await lab.ssh(controller, command)).stdout.replaceAll(/\s+/g, ' ');
}

before(async () => {
  await lab.up({ nodes: 3 });
  for (const node of ['n27', 'n28']) {
    await on(node, 'mkdir -p /etc/systemd/system/redis-server.service.d');
    await on(
      node,
      "printf '[Service]\\nRestart=no\\n' >/etc/systemd/system/redis-server.service.d/understudy.conf",
    );
    await on(node, 'systemctl daemon-reload; systemctl disable quantshift-equity quantshift-crypto');
  }
});
after(() => lab.clean());

test("the controller's machine gets its secrets, the group and the nodes' logins", async () => {
  await on(controller, 'ln -sf /opt/understudy/deploy/understudy /usr/local/bin/understudy');
  await on(controller, 'install -d -m 700 /etc/understudy /root/.ssh');
  await on(
    controller,
    '(umask 077; cat >/etc/understudy/redis-password)',
    readFileSync(lab.passwordFile, 'utf8'),
  );
  await on(controller, '(umask 077; cat >/root/.ssh/id_ed25519)', readFileSync(lab.privateKeyFile, 'utf8'));
  await on(controller, "ssh-keygen -q -t ed25519 -N '' -C understudy -f /etc/understudy/ssh-key");
  await on(controller, 'ssh-keyscan -t ed25519 10.92.3.27 10.92.3.28 >/etc/understudy/known-hosts');
  await on(controller, 'mkdir -p /var/lib/understudy-controller');
  await on(controller, 'cat >/var/lib/understudy-controller/quantshift.yaml', groupOfThePage());
  await understudy('validate');
  for (const node of ['ct100', 'ct101'])
    assert.match(await understudy(`node install --node ${node} --identity /root/.ssh/id_ed25519`), /sudoers/);
  assert.match(await understudy('plan'), /Start quantshift-equity/);
});

test('the service looks after the group', async () => {
  await on(
    controller,
    "sed -i 's|/etc/understudy/|/run/credentials/understudy.service/|' /var/lib/understudy-controller/quantshift.yaml",
  );
  await on(controller, 'cp /opt/understudy/deploy/systemd/understudy.service /etc/systemd/system/');
  await on(controller, 'systemctl daemon-reload && systemctl enable --now understudy');
  await until('ct100 leads with its units', async () =>
    (await headline()).includes(
      'ct100 leads, as requested; its standby ct101 is in sync; 2 units run there.',
    ),
  );
  assert.doesNotMatch(await headline(), /No controller is running/);
});

test('the first switchover, there and back', async () => {
  await understudy('switchover ct101');
  assert.match(await headline(), /ct101 leads, as requested/);
  assert.equal(await on('n28', 'systemctl is-active quantshift-equity'), 'active');
  await understudy('switchover ct100');
  assert.match(await headline(), /ct100 leads, as requested/);
});

test('the group is edited as Git would, and the controller killed in the midst', async () => {
  await on(
    controller,
    "sed -i 's/primary: ct100/primary: ct101/' /var/lib/understudy-controller/quantshift.yaml",
  );
  await on(controller, 'systemctl kill --signal=KILL understudy');
  await until('ct101 leads', async () => (await headline()).includes('ct101 leads, as requested'));
  await until('its units run', async () => (await headline()).includes('2 units run there'));
});

test('no secret is to be seen, and the service is locked up', async () => {
  const password = readFileSync(lab.passwordFile, 'utf8').trim();
  const key = (await on(controller, 'sed -n 3p /etc/understudy/ssh-key')).slice(0, 40);
  for (const node of [controller, 'n27', 'n28']) {
    const seen = await on(
      node,
      "cat /proc/[0-9]*/cmdline | tr '\\0' ' '; journalctl --no-pager; systemctl show '*.service' --no-pager; cat /var/lib/understudy-controller/*.json 2>/dev/null || :",
    );
    assert.ok(seen.length > 1_000);
    assert.ok(!seen.includes(password), `the password is to be seen on ${node}`);
    assert.ok(!seen.includes(key), `the key is to be seen on ${node}`);
  }
  const exposure = await on(controller, 'systemd-analyze security --no-pager understudy.service | tail -1');
  const level = Number(/(\d+\.\d+)/.exec(exposure)?.[1]);
  assert.ok(level < 3, exposure);
});
