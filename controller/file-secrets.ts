import type { FailoverGroup, SecretSource } from '../crd/failover-group.ts';
import type { SecretsPort, SecretValue } from './ports/secrets.ts';
import type { SecretSurroundings } from './resolve-secret.ts';
import { resolveSecret } from './resolve-secret.ts';

/** Secrets in files and environment variables. */
export class FileSecrets implements SecretsPort {
  readonly #surroundings: SecretSurroundings;

  constructor(surroundings: SecretSurroundings) {
    this.#surroundings = surroundings;
  }

  async read(source: SecretSource, { field }: { readonly field: string }): Promise<SecretValue> {
    return { current: await resolveSecret(source, field, this.#surroundings) };
  }

  version(_group: FailoverGroup): string {
    return '';
  }

  onChange(_listener: () => void): void {}

  close(): void {}
}
