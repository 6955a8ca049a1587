import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SecretSource } from '../crd/failover-group.ts';
import { Secret } from './secret.ts';
import { UnderstudyError } from './understudy-error.ts';

/** Where secrets come from when there is no cluster. */
export interface SecretSurroundings {
  /** Relative paths start here: the folder of the group's file. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads a secret; one trailing newline of a file is cut off. `field` is only for the message. Throws UnderstudyError. */
export async function resolveSecret(
  source: SecretSource,
  field: string,
  { folder, env }: SecretSurroundings,
): Promise<Secret> {
  if (source.file !== undefined) return new Secret(await fromFile(resolve(folder, source.file), field));
  if (source.env !== undefined) return new Secret(fromEnvironment(source.env, field, env));
  throw new UnderstudyError(
    'NotSupported',
    `${field}: {secret: …} is read in a Kubernetes cluster only; use {file: …} or {env: …} here.`,
  );
}

/** Editors and `echo` end a file with a newline that is no part of the secret. */
export function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}

async function fromFile(file: string, field: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const message = `${field}: ${file} cannot be read (${code}). Mend its path or its rights.`;
    throw new UnderstudyError('SecretUnavailable', message, { cause });
  }
  return nonEmpty(withoutNewline(text), `${field}: ${file}`);
}

function fromEnvironment(name: string, field: string, env: SecretSurroundings['env']): string {
  const value = env[name];
  if (value !== undefined) return nonEmpty(value, `${field}: $${name}`);
  throw new UnderstudyError(
    'SecretUnavailable',
    `${field}: the environment variable ${name} is not set. Set it for this command and for the controller.`,
  );
}

function nonEmpty(value: string, place: string): string {
  if (value !== '') return value;
  throw new UnderstudyError('SecretUnavailable', `${place} is empty: put into it what it is for.`);
}
