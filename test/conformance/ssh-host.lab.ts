/**
 * The SSH adapter on real hosts with systemd, with the script sent along and installed:
 * `node --test test/conformance/ssh-host.lab.ts`, as root, 1 minute.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { Lab } from '../lab/lab.ts';
import { LabPaths } from '../lab/lab-paths.ts';
import { LabHostStage } from '../ssh-host/lab-host-stage.ts';
import { hostConformance } from './host.suite.ts';

const inside = process.env.UNDERSTUDY_LAB_INSIDE;

// The hosts are reached from the controller's place in the network only: this file runs itself there.
if (inside === undefined)
  test('hosts by SSH do what every host does', async (context) => {
    const folder = join(LabPaths.shared, `ssh-host-${process.pid}`);
    const lab = new Lab({ folder, say: console.error });
    context.after(() => lab.clean());
    await lab.up();
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const [program = '', ...words] = lab.enter([process.execPath, '--test', import.meta.filename]);
    const child = spawn(program, words, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...environment, UNDERSTUDY_LAB_INSIDE: folder },
    });
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });
else {
  const lab = new Lab({ folder: inside });
  hostConformance('ssh host, script sent along', () => LabHostStage.set(lab, 'n27', 'piped'));
  hostConformance('ssh host, script installed', () => LabHostStage.set(lab, 'n28', 'installed'));
}
