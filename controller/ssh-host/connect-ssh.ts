import type { FailoverGroup, NodeSpec, SecretSource } from '../../crd/failover-group.ts';
import { leaseTimes } from '../../reconcilers/lease.ts';
import type { SecretsPort } from '../ports/secrets.ts';
import type { Secret } from '../secret.ts';
import { UnderstudyError } from '../understudy-error.ts';
import type { LeaseOptions } from './lease-order.ts';
import { NodeScript } from './node-script.ts';
import { publicKeyOf } from './private-key.ts';
import { SshFence } from './ssh-fence.ts';
import { SshHost } from './ssh-host.ts';
import type { SshLogin, SshTarget } from './ssh-login.ts';

/** How the controller itself logs in to Redis: the watch on a node does it in the same way. */
export interface RedisLogin {
  readonly username?: string;
  readonly password?: Secret;
  /** undefined without TLS; empty for the authorities of the system. */
  readonly ca?: string;
}

/** The hosts and fences of a group that are reached by SSH. */
export interface SshReach {
  host(node: NodeSpec): SshHost | undefined;
  fence(node: NodeSpec): SshFence | undefined;
}

/** Where the credentials of a group come from. Throws UnderstudyError when the spec names none. */
export function sshLogins(
  { spec, metadata: { namespace } }: FailoverGroup,
  secrets: SecretsPort,
): (target: SshTarget) => SshLogin {
  const { ssh } = spec;
  if (ssh === undefined)
    throw new UnderstudyError('NotSupported', 'spec.ssh: {privateKeyFrom, knownHostsFrom} is missing.');
  const places = {
    privateKey: place('spec.ssh.privateKeyFrom', ssh.privateKeyFrom),
    knownHosts: place('spec.ssh.knownHostsFrom', ssh.knownHostsFrom),
  };
  const at = (field: string) => ({ field, ...(namespace === undefined ? {} : { namespace }) });
  const read = async () => {
    const [privateKey, known] = await Promise.all([
      secrets.read(ssh.privateKeyFrom, at('spec.ssh.privateKeyFrom')),
      secrets.read(ssh.knownHostsFrom, at('spec.ssh.knownHostsFrom')),
    ]);
    return { privateKey: privateKey.current, knownHosts: known.current.reveal() };
  };
  return ({ host, port, user }) => ({ host, port, user, read, places });
}

/** Reads key, known hosts and the node's script once, to tell at once what is wrong with them. Throws UnderstudyError. */
export async function reachBySsh(
  group: FailoverGroup,
  redisLogin: RedisLogin,
  secrets: SecretsPort,
): Promise<SshReach> {
  const { metadata, spec } = group;
  const login = sshLogins(group, secrets);
  const first = spec.nodes.flatMap(({ ssh, fence }) => ssh ?? fence?.ssh ?? [])[0];
  if (first !== undefined) {
    const { read, places } = login(first);
    publicKeyOf((await read()).privateKey, places.privateKey);
  }
  const script = await NodeScript.read();
  const units = spec.units.map((unit) => unit.name);
  const common = { script, group: metadata.name, units, redisUnit: spec.redis.unit };
  return {
    host: (node) => {
      if (node.ssh === undefined) return undefined;
      const lease = leaseOf(group, node, redisLogin);
      return new SshHost({ ...common, login: login(node.ssh), ...(lease === undefined ? {} : { lease }) });
    },
    fence: ({ fence }) =>
      fence && new SshFence({ login: login(fence.ssh), command: fence.command, confirm: fence.confirm }),
  };
}

function leaseOf({ spec }: FailoverGroup, node: NodeSpec, login: RedisLogin): LeaseOptions | undefined {
  if (spec.failover.leaseSeconds === 0 || spec.units.length === 0) return undefined;
  const peers = spec.nodes.flatMap(({ name, redis }) => (name === node.name ? [] : redis));
  const stopDeadlineSeconds = leaseTimes.stopDeadlineMs / 1000;
  const seconds = spec.failover.leaseSeconds;
  return { ...login, seconds, redisPort: node.redis.port, peers, stopDeadlineSeconds };
}

function place(field: string, { file, env, secret }: SecretSource): string {
  if (secret !== undefined) return `${field} (Secret ${secret.name}, key ${secret.key})`;
  if (file !== undefined) return `${field} (${file})`;
  return env === undefined ? field : `${field} ($${env})`;
}
