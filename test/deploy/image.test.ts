/** The Dockerfile without an engine: the steps that it names, in an empty folder, and what comes out, started. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { endOf, filesOf, firstProcess, ImageBuild } from './image-build.ts';

const context = join(import.meta.dirname, '../..');
const needs =
  process.getuid?.() === 0 ? {} : { skip: 'needs root, for a file system and a network of its own' };

/** Nobody answers there: what is looked after is never reached. */
const group = `apiVersion: understudy.dev/v1alpha1
kind: FailoverGroup
metadata: { name: nobody }
spec:
  primary: a
  nodes:
    - { name: a, redis: { host: 192.0.2.1 } }
    - { name: b, redis: { host: 192.0.2.2 } }
`;
const kubeconfig = `apiVersion: v1
kind: Config
current-context: nobody
contexts: [{ name: nobody, context: { cluster: nobody, user: nobody } }]
clusters: [{ name: nobody, cluster: { server: 'https://192.0.2.3:6443' } }]
users: [{ name: nobody, user: { token: nothing } }]
`;

describe('the image', needs, () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-image-'));
  const writable = join(folder, 'srv');
  const image = new ImageBuild({ context, folder, node: realpathSync(process.execPath) });

  before(async () => {
    const npm = join(
      dirname(realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim())),
      'npm-cli.js',
    );
    await image.run(npm);
    mkdirSync(writable, { mode: 0o777 });
    writeFileSync(join(writable, 'group.yaml'), group);
    writeFileSync(join(writable, 'kubeconfig'), kubeconfig);
    execFileSync('chown', ['-R', image.user, writable]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts it, tells it to end when it says so, and gives its exit code and what it said. */
  async function startedAndTold(args: readonly string[]): Promise<{ code: number | null; said: string }> {
    const child = image.start(args, writable);
    const closed = once(child, 'close');
    const said: string[] = [];
    let deaf: NodeJS.Timeout | undefined;
    for await (const line of createInterface({ input: child.stderr as Readable })) {
      said.push(line);
      if (!line.includes('"started"')) continue;
      // Process 1 takes only the signals that it asked for; one that does not hear is ended all the same.
      const first = firstProcess(child);
      process.kill(first, 'SIGTERM');
      deaf = setTimeout(() => process.kill(first, 'SIGKILL'), 20_000);
    }
    const [code] = await closed;
    clearTimeout(deaf);
    return { code, said: said.join('\n') };
  }

  test('answers --help without a network and with nothing to write to', async () => {
    const { code, stdout, stderr } = await endOf(image.start(['--help'], writable));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Usage: understudy/);
    assert.equal(stderr, '');
  });

  test('ends with 0 at SIGTERM, as process 1, looking after a file', async () => {
    const { code, said } = await startedAndTold(['run', '--file', '/srv/group.yaml']);
    assert.equal(code, 0, said);
    assert.match(said, /"stopped"/);
  });

  test('ends with 0 at SIGTERM, as process 1, in a cluster whose API server does not answer', async () => {
    const words = ['run', '--kubernetes', '--kubeconfig', '/srv/kubeconfig', '--http', '0.0.0.0:0'];
    const { code, said } = await startedAndTold(words);
    assert.equal(code, 0, said);
    assert.match(said, /"stopped"/);
  });

  test('has the script that is sent to the nodes', () => {
    const script = 'deploy/understudy-node';
    assert.equal(readFileSync(join(image.root, script), 'utf8'), readFileSync(join(context, script), 'utf8'));
  });

  test('has what it needs and nothing else', (t) => {
    const top = readdirSync(image.root).sort();
    assert.deepEqual(top, [
      '.cache',
      'controller',
      'crd',
      'deploy',
      'node_modules',
      'package.json',
      'reconcilers',
    ]);
    assert.deepEqual(readdirSync(join(image.root, 'deploy')).sort(), [
      'understudy',
      'understudy-node',
      'understudy-node-install',
    ]);
    const files = filesOf(image.root, '.');
    const odd = files.filter((path) => /(^|\/)(\.npmrc|\.env|\.git)|\.(pem|key|log)$|^test\//.test(path));
    assert.deepEqual(odd, []);
    const own = files.filter((path) => /^(controller|crd|reconcilers|deploy|package)/.test(path));
    for (const path of own)
      assert.doesNotMatch(
        readFileSync(join(image.root, path), 'utf8'),
        /-----BEGIN [A-Z ]*PRIVATE KEY-----\n\w/,
        path,
      );
    const bytes = files.reduce((sum, path) => sum + statSync(join(image.root, path)).size, 0);
    t.diagnostic(`${files.length} files, ${(bytes / 1e6).toFixed(1)} MB beside the base image`);
  });

  test('has the packages that the program needs, none for its makers and no second Node', () => {
    const lock = JSON.parse(readFileSync(join(context, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
    };
    const wanted = Object.entries(lock.packages).filter(
      ([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional,
    );
    const there = filesOf(image.root, 'node_modules')
      .filter((path) => /(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path))
      .map((path) => dirname(path));
    assert.deepEqual(there.sort(), wanted.map(([path]) => path).sort());
  });

  test('belongs to root and runs as a numbered user', () => {
    assert.match(image.user, /^[1-9]\d*:[1-9]\d*$/);
    for (const path of filesOf(image.root, '.')) {
      const { uid, mode } = statSync(join(image.root, path));
      assert.deepEqual([uid, mode & 0o022], [0, 0], path);
    }
  });

  test('its entry is Node itself, not a shell', () => {
    assert.equal(image.entry[0], 'node');
    assert.equal(image.entry.at(-1), '/opt/understudy/controller/main.ts');
  });
});
