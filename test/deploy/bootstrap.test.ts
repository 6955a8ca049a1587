import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';

const script = join(import.meta.dirname, '../../deploy/bootstrap.sh');
/** What the script itself runs, where nothing is to be installed. */
const standard = ['sh', 'dirname', 'cksum', 'cat', 'id', 'env', 'bash'];

interface Machine {
  readonly env: NodeJS.ProcessEnv;
  /** What apt-get was asked for, a line each; here it installs nothing. */
  asked(): string;
}

/** A machine of root's that has none of the programs. */
function bareMachine(context: TestContext): Machine {
  const bin = mkdtempSync(join(tmpdir(), 'understudy-bare-'));
  context.after(() => rmSync(bin, { recursive: true }));
  const log = join(bin, 'asked');
  writeFileSync(log, '');
  for (const name of standard) symlinkSync(whereIs(name), join(bin, name));
  executable(join(bin, 'apt-get'), `echo "$*" >>'${log}'`);
  // sudo of a machine whose user may do everything.
  executable(join(bin, 'sudo'), 'shift; exec "$@"');
  return { env: { PATH: bin, HOME: bin }, asked: () => readFileSync(log, 'utf8') };
}

const whereIs = (name: string): string =>
  execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();

function executable(file: string, body: string): void {
  writeFileSync(file, `#!${whereIs('sh')}\n${body}\n`);
  chmodSync(file, 0o755);
}

/** Resolves to its stderr; rejects when it fails. */
async function bootstrap(env: NodeJS.ProcessEnv, ...needs: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(whereIs('sh'), [script, ...needs], { env });
  assert.equal(stdout, '', 'stdout is the caller’s');
  return stderr;
}

const packages = { openssl: 'openssl', busybox: 'busybox', 'lua5.1': 'lua5.1', kubectl: 'kubernetes-client' };

for (const [need, name] of Object.entries(packages)) {
  test(`a machine without ${need} gets the package ${name}, and is told so`, async (context) => {
    const machine = bareMachine(context);
    const told = await bootstrap(machine.env, need);
    assert.match(machine.asked(), new RegExp(`^install .*${name}$`, 'm'));
    assert.match(told, new RegExp(`installing ${need} with apt-get`));
  });

  test(`a machine with ${need} is left alone`, async (context) => {
    const machine = bareMachine(context);
    executable(join(machine.env.HOME ?? '', need), 'exit 0');
    assert.equal(await bootstrap(machine.env, need), '');
    assert.equal(machine.asked(), '');
  });
}

test('a kube-apiserver that is nowhere is built by the script that is named, into the folder the tests look in', async (context) => {
  const { env } = bareMachine(context);
  const build = join(env.HOME ?? '', 'build.sh');
  writeFileSync(build, 'echo "built for $XDG_CACHE_HOME" >&2; echo /folder\n');
  const told = await bootstrap(
    { ...env, XDG_CACHE_HOME: '/nowhere', UNDERSTUDY_APISERVER_BUILD: build },
    'apiserver',
  );
  assert.match(told, /\/nowhere\/understudy-apiserver\/bin \(3 minutes, once\).*built for \/nowhere/s);
});

test('where nothing can build it, bootstrap says what to do', async (context) => {
  const { env } = bareMachine(context);
  for (const more of [{ UNDERSTUDY_APISERVER_BUILD: '/nowhere' }, { KUBEBUILDER_ASSETS: '/nowhere' }])
    await assert.rejects(
      bootstrap({ ...env, ...more }, 'apiserver'),
      /setup-envtest use -p path.*KUBEBUILDER_ASSETS/s,
    );
});

test('a need that it does not know is an error', async (context) => {
  await assert.rejects(bootstrap(bareMachine(context).env, 'kubctl'), /unknown need 'kubctl'/);
});
