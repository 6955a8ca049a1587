import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { connectGroups } from '../connect-group.ts';
import { Controller } from '../controller.ts';
import { FileSecrets } from '../file-secrets.ts';
import { claimPath, isControllerRunning } from '../file-store/exclusive.ts';
import { FileStore } from '../file-store/file-store.ts';
import { monotonicClock } from '../monotonic-clock.ts';
import { EventLog } from '../telemetry/event-log.ts';
import type { LogLevel } from '../telemetry/log.ts';
import { stderrLog } from '../telemetry/log.ts';
import { UnderstudyError } from '../understudy-error.ts';
import type { ExitCode as Code } from './exit-code.ts';
import { ExitCode } from './exit-code.ts';
import { problemLines, readDocuments } from './group-document.ts';
import { dieLoudly, toldToEnd } from './own-process.ts';

export interface RunOptions {
  readonly file: string;
  readonly probeMs: number;
  readonly logLevel: LogLevel;
}

const commandTimeoutMs = 500;

/** Looks after the groups of a file or folder until it is told to end. Throws UnderstudyError before that. */
export async function runCommand(options: RunOptions): Promise<Code> {
  const path = resolve(options.file);
  const { isFolder, documents } = await readDocuments(path);
  const problems = problemLines(documents);
  // In a folder the good ones are looked after, and the log tells of the others.
  if (problems.length > 0 && !isFolder) throw new UnderstudyError('GroupInvalid', problems.join('\n'));
  const release = await claimAlone(path, isFolder ? documents.map(({ file }) => file) : [dirname(path)]);
  const log = stderrLog(options.logLevel);
  dieLoudly(log);
  for (const problem of problems) log.write('warn', 'document not taken up', { detail: problem });
  const store = new FileStore(path);
  const events = new EventLog(log, randomBytes(4).toString('hex'));
  const secrets = new FileSecrets({ folder: isFolder ? path : dirname(path), env: process.env });
  const controller = new Controller({
    store,
    secrets,
    connect: connectGroups({
      secrets,
      commandTimeoutMs,
      connectionPrefix: 'understudy',
    }),
    clock: monotonicClock(),
    commandTimeoutMs,
    probeMs: options.probeMs,
    tell: (event) => events.note(event),
  });
  const told = toldToEnd(log);
  await controller.start();
  log.write('info', 'started', { detail: `${path}: ${store.keys().join(', ')}` });
  await told;
  await controller.stop();
  release();
  log.write('info', 'stopped');
  log.flush();
  return ExitCode.done;
}

/** The lock of this path; refused when a controller works on it, or on a file or folder that overlaps with it. */
async function claimAlone(path: string, overlapping: readonly string[]): Promise<() => void> {
  const release = await claimPath(path);
  const busy = await Promise.all(overlapping.map((other) => isControllerRunning(other)));
  const taken = release === undefined ? path : overlapping[busy.indexOf(true)];
  if (release !== undefined && taken === undefined) return release;
  release?.();
  throw new UnderstudyError(
    'AlreadyRunning',
    `Another controller on this machine works on ${taken} already: end that one first, or leave it be.`,
  );
}
