import type { FailoverGroup, SecretSource } from '../../crd/failover-group.ts';
import type { Secret } from '../secret.ts';

/** A secret as it is, and as it was before the last change that this process saw. */
export interface SecretValue {
  readonly current: Secret;
  readonly former?: Secret;
}

/** Where passwords, keys and certificates come from. */
export interface SecretsPort {
  /**
   * Reads a secret, and from then on watches it. `field` is for messages only. Throws UnderstudyError
   * (SecretUnavailable, NotSupported).
   */
  read(
    source: SecretSource,
    place: { readonly field: string; readonly namespace?: string },
  ): Promise<SecretValue>;
  /** Changes when a secret that this group's spec names has changed: part of what its connections depend on. Cheap. */
  version(group: FailoverGroup): string;
  /** Called when a secret that was read has changed. */
  onChange(listener: () => void): void;
  close(): void;
}
