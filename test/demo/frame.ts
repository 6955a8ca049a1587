import { formatMs } from './format-ms.ts';
import type { DemoEvent, NodeScene, Scene, StepState } from './scene.ts';
import { sparkline } from './sparkline.ts';
import { fit, paint, wrap } from './styled.ts';

/** A picture fits a terminal of 80x24 with a column and a line to spare. */
export const frameColumns = 79;
export const frameLines = 23;
export const sparkColumns = 60;
const saysLines = 3;
const indent = ' ';

const marks: Readonly<Record<StepState, string>> = { todo: '○', now: '●', done: '✓', failed: '✗' };

/** Exactly frameLines lines, none wider than frameColumns. */
export function frame(scene: Scene): string[] {
  const head = [
    headline(scene),
    paint.dim('─'.repeat(frameColumns)),
    indent + scene.steps.map(stepMark).join('  '),
    '',
    ...says(scene),
    '',
    ...nodeTable(scene),
    '',
    ...writes(scene),
    '',
  ];
  return [...head, ...events(scene.events, frameLines - head.length)];
}

function headline({ elapsedMs }: Scene): string {
  const title = ' understudy demo: two real Redis servers, two bots, one YAML file';
  return paint.bold(fit(title, frameColumns - 8)) + paint.dim(seconds(elapsedMs).padStart(8));
}

function stepMark({ name, state }: Scene['steps'][number]): string {
  const text = `${marks[state]} ${name}`;
  if (state === 'now') return paint.bold(paint.cyan(text));
  if (state === 'done') return paint.green(text);
  return state === 'failed' ? paint.red(text) : paint.dim(text);
}

function says(scene: Scene): string[] {
  const lines = wrap(scene.says, frameColumns - 2).slice(0, saysLines);
  return Array.from({ length: saysLines }, (_, index) => indent + (lines[index] ?? ''));
}

function nodeTable(scene: Scene): string[] {
  const head = ['node', 'port', 'role', 'link', ...scene.bots];
  const widths = [8, 8, 11, 13, ...scene.bots.map(() => 18)];
  const row = (cells: readonly string[]) => cells.map((cell, index) => fit(cell, widths[index] ?? 10));
  return [
    indent + paint.dim(row(head).join('')),
    ...scene.nodes.map((node) => {
      const [name, port, role, link, ...bots] = row(nodeCells(scene, node));
      const isPrimary = role?.startsWith('PRIMARY') === true;
      const colour = isPrimary ? paint.green : role?.startsWith('replica') ? paint.cyan : paint.red;
      const runs = bots.map((cell) => (cell.startsWith('●') ? paint.green(cell) : paint.dim(cell)));
      return `${indent}${paint.bold(name ?? '')}${paint.dim(port ?? '')}${colour(role ?? '')}${link ?? ''}${runs.join('')}`;
    }),
  ];
}

function nodeCells(scene: Scene, { name, port, working }: NodeScene): string[] {
  const node = scene.status.nodes?.find((candidate) => candidate.name === name);
  const bots = scene.bots.map((bot) => (working.includes(bot) ? '● runs' : '○ stopped'));
  if (node === undefined) return [name, String(port), '…', '', ...bots];
  const role = node.role === 'primary' ? 'PRIMARY' : node.reachable ? node.role : 'down';
  const link = node.role !== 'replica' ? '' : `link ${node.linkStatus ?? '?'}`;
  return [name, String(port), role, link, ...bots];
}

function writes({ rates, ackedWrites, results }: Scene): string[] {
  const now = rates.at(-1) ?? 0;
  const last = results.at(-1);
  const cost =
    last === undefined
      ? ''
      : ` · ${last.name}: gap ${formatMs(last.writeGapMs)}, lost ${last.lostWrites.toLocaleString('en')}`;
  const line = sparkline(rates.slice(-sparkColumns)).padStart(sparkColumns);
  return [
    `${indent}${paint.yellow(line)} ${fit(`${Math.round(now).toLocaleString('en')} writes/s`, frameColumns - sparkColumns - 2)}`,
    indent +
      paint.dim(
        fit(`4 writers, ${ackedWrites.toLocaleString('en')} writes acknowledged${cost}`, frameColumns - 1),
      ),
  ];
}

function events(all: readonly DemoEvent[], count: number): string[] {
  const shown = all.slice(-count).map(({ elapsedMs, by, text }) => {
    const from = by === 'demo' ? paint.magenta(fit('demo', 11)) : paint.cyan(fit('understudy', 11));
    return `${indent}${paint.dim(seconds(elapsedMs).padStart(7))}  ${from}${fit(text, frameColumns - 21).trimEnd()}`;
  });
  return Array.from({ length: count }, (_, index) => shown[index] ?? '');
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
