/**
 * A program of its own beside the hypervisor: answers its `pct` and switches the lab's hosts.
 * usage: node pct-desk.ts LAB-FOLDER
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { Lab } from './lab.ts';
import { nodeOfVmid } from './lab-nodes.ts';
import { LabPaths } from './lab-paths.ts';
import type { PctAnswer, PctRequest } from './pct-protocol.ts';

const failed = (stderr: string): PctAnswer => ({ code: 255, stdout: '', stderr: `${stderr}\n` });
const done = (stdout = ''): PctAnswer => ({ code: 0, stdout, stderr: '' });

async function answer(lab: Lab, { args }: PctRequest): Promise<PctAnswer> {
  const [verb, vmid = ''] = args;
  const node = nodeOfVmid(Number(vmid));
  if (!node || !lab.isInstalled(node.name))
    return failed(`Configuration file 'lxc/${vmid}.conf' does not exist`);
  const isOn = lab.isOn(node.name);
  if (verb === 'status') return done(`status: ${isOn ? 'running' : 'stopped'}\n`);
  if (verb === 'stop') {
    if (!isOn) return failed(`CT ${vmid} not running`);
    await lab.kill(node.name);
    return done();
  }
  if (verb === 'start') {
    if (isOn) return failed(`CT ${vmid} already running`);
    await lab.switchOn(node.name);
    return done();
  }
  return failed(`ERROR: unknown command 'pct ${verb}': the lab knows stop, start and status`);
}

const folder = process.argv[2] ?? '';
const lab = new Lab({ folder });
const socketFile = new LabPaths(folder).deskSocket;
rmSync(socketFile, { force: true });
const server = createServer((socket) => {
  // A pct that was killed meanwhile wants no answer.
  socket.on('error', () => undefined);
  createInterface({ input: socket }).once('line', (line) => {
    void answer(lab, JSON.parse(line))
      .catch((error: Error) => failed(error.message))
      .then((said) => socket.end(JSON.stringify(said)));
  });
});
server.listen(socketFile);
