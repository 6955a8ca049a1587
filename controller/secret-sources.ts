import type { FailoverGroupSpec, SecretSource } from '../crd/failover-group.ts';

/** Every place of a spec that names a secret. */
export function sourcesOf({ redis, ssh }: FailoverGroupSpec): SecretSource[] {
  return [
    redis.auth?.passwordFrom,
    redis.auth?.formerPasswordFrom,
    redis.tls?.caFrom,
    ssh?.privateKeyFrom,
    ssh?.knownHostsFrom,
  ].filter((source) => source !== undefined);
}
