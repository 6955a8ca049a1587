import type { FailoverGroup, NodeSpec } from '../crd/failover-group.ts';
import { managedSettings } from '../reconcilers/redis-config.ts';
import type { ConnectGroup } from './controller.ts';
import type { GroupNode } from './group-nodes.ts';
import { LocalHost } from './local-host/local-host.ts';
import type { RedisNodeOptions } from './redis/options.ts';
import { RedisNode } from './redis/redis-node.ts';
import type { SecretSurroundings } from './resolve-secret.ts';
import { resolveSecret } from './resolve-secret.ts';
import { UnderstudyError } from './understudy-error.ts';

/** What every connection of a group has in common. */
type Common = Omit<RedisNodeOptions, 'host' | 'port'>;

export interface ConnectOptions extends SecretSurroundings {
  /** No Redis command takes longer (ms) before its outcome counts as unknown. */
  readonly commandTimeoutMs: number;
  /** What connections are named by, before a colon and the group's name: `understudy` for controllers. */
  readonly connectionPrefix: string;
}

/** Connects groups without a cluster: Redis over its port, hosts on this machine only. Throws UnderstudyError. */
export function connectGroups(options: ConnectOptions): ConnectGroup {
  return async (group) => {
    for (const [index, node] of group.spec.nodes.entries()) refuseUnsupported(node, index);
    const common = await commonOptions(group, options);
    return group.spec.nodes.map((node) => connectNode(group, node, common));
  };
}

function refuseUnsupported(node: NodeSpec, index: number): void {
  const field = node.ssh !== undefined ? 'ssh' : node.fence !== undefined ? 'fence' : undefined;
  if (field === undefined) return;
  throw new UnderstudyError(
    'NotSupported',
    `spec.nodes[${index}].${field}: this version reaches hosts only with local; take it out, or give local instead.`,
  );
}

async function commonOptions({ metadata, spec }: FailoverGroup, options: ConnectOptions): Promise<Common> {
  const { auth, tls } = spec.redis;
  const password =
    auth === undefined
      ? undefined
      : await resolveSecret(auth.passwordFrom, 'spec.redis.auth.passwordFrom', options);
  const authority =
    tls?.caFrom === undefined ? undefined : await resolveSecret(tls.caFrom, 'spec.redis.tls.caFrom', options);
  return {
    connectionName: `${options.connectionPrefix}:${metadata.name}`,
    managedSettings: managedSettings(spec),
    commandTimeoutMs: options.commandTimeoutMs,
    ...(password === undefined ? {} : { password }),
    ...(auth?.username === undefined ? {} : { username: auth.username }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(authority === undefined ? {} : { ca: authority.reveal() }),
            ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
          },
        }),
  };
}

function connectNode({ spec }: FailoverGroup, node: NodeSpec, common: Common): GroupNode {
  const { host, port } = node.redis;
  const redis = new RedisNode({ ...common, host, port });
  const { name, local } = node;
  if (local === undefined) return { name, endpoint: { host, port }, redis };
  const units = spec.units.map((unit) => unit.name);
  const machine = new LocalHost({ directory: local.directory, units, redisUnit: spec.redis.unit });
  return { name, endpoint: { host, port }, redis, host: machine };
}
