/**
 * Runs inside the hypervisor as /usr/local/sbin/pct: hands its arguments to the lab's desk outside, which
 * does what the real `pct stop`, `start` and `status` of Proxmox do, and says what they say.
 */
import { connect } from 'node:net';
import { deskSocketInside, type PctAnswer, type PctRequest } from './pct-protocol.ts';

const request: PctRequest = { args: process.argv.slice(2) };
const desk = connect(deskSocketInside);
let text = '';
desk.setEncoding('utf8');
desk.on('data', (part: string) => {
  text += part;
});
desk.on('error', (error) => {
  process.stderr.write(`pct: the lab does not answer: ${error.message}\n`);
  process.exitCode = 255;
});
desk.on('end', () => {
  const answer: PctAnswer = text === '' ? { code: 255, stdout: '', stderr: 'no answer\n' } : JSON.parse(text);
  process.stdout.write(answer.stdout);
  process.stderr.write(answer.stderr);
  process.exitCode = answer.code;
});
desk.write(`${JSON.stringify(request)}\n`);
