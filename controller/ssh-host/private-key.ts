import ssh2 from 'ssh2';
import type { Secret } from '../secret.ts';
import { UnderstudyError } from '../understudy-error.ts';

/** `ssh-ed25519 AAAA…`, as it stands in authorized_keys. Throws UnderstudyError when it is no private key for us. */
export function publicKeyOf(privateKey: Secret, place: string): string {
  const parsed = ssh2.utils.parseKey(privateKey.reveal());
  if (parsed instanceof Error) {
    const advice = /passphrase/i.test(parsed.message)
      ? 'has a passphrase: give the controller a copy without one (ssh-keygen -p -N "" -f COPY).'
      : 'holds no private key that can be read: give one in OpenSSH or PEM format.';
    // What the library says of it may quote the key.
    throw new UnderstudyError('SecretUnavailable', `${place} ${advice}`);
  }
  if (parsed.isPrivateKey()) return `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`;
  throw new UnderstudyError('SecretUnavailable', `${place} holds a public key: give the private one.`);
}
