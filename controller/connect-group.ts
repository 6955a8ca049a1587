import type { FailoverGroup, NodeSpec } from '../crd/failover-group.ts';
import { managedSettings } from '../reconcilers/redis-config.ts';
import type { ConnectGroup } from './controller.ts';
import type { GroupNode } from './group-nodes.ts';
import { LocalHost } from './local-host/local-host.ts';
import type { SecretsPort } from './ports/secrets.ts';
import type { RedisNodeOptions } from './redis/options.ts';
import { RedisNode } from './redis/redis-node.ts';
import type { SshReach } from './ssh-host/connect-ssh.ts';

/** What every connection of a group has in common. */
type Common = Omit<RedisNodeOptions, 'host' | 'port'>;

export interface ConnectOptions {
  readonly secrets: SecretsPort;
  /** No Redis command takes longer (ms) before its outcome counts as unknown. */
  readonly commandTimeoutMs: number;
  /** What connections are named by, before a colon and the group's name: `understudy` for controllers. */
  readonly connectionPrefix: string;
}

/**
 * Connects groups without a cluster: Redis over its port, hosts by SSH or on this machine. Throws UnderstudyError
 * when something that the spec names cannot be had; a host that cannot be reached is told of by its own view.
 */
export function connectGroups(options: ConnectOptions): ConnectGroup {
  return async (group) => {
    const common = await commonOptions(group, options);
    const bySsh = await sshReach(group, common, options);
    return group.spec.nodes.map((node) => connectNode(group, node, common, bySsh));
  };
}

/** SSH is loaded only by who needs it: it takes time and memory. */
async function sshReach(
  group: FailoverGroup,
  { username, password, tls }: Common,
  options: ConnectOptions,
): Promise<SshReach | undefined> {
  if (group.spec.nodes.every(({ ssh, fence }) => ssh === undefined && fence === undefined)) return undefined;
  const { reachBySsh } = await import('./ssh-host/connect-ssh.ts');
  const login = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { ca: tls.ca ?? '' }),
  };
  return reachBySsh(group, login, options.secrets);
}

async function commonOptions({ metadata, spec }: FailoverGroup, options: ConnectOptions): Promise<Common> {
  const { auth, tls } = spec.redis;
  const { secrets } = options;
  const { namespace } = metadata;
  const at = (field: string) => ({ field, ...(namespace === undefined ? {} : { namespace }) });
  const password =
    auth === undefined
      ? undefined
      : await secrets.read(auth.passwordFrom, at('spec.redis.auth.passwordFrom'));
  const before = auth?.formerPasswordFrom;
  const former =
    before === undefined
      ? password?.former
      : (await secrets.read(before, at('spec.redis.auth.formerPasswordFrom'))).current;
  const authority =
    tls?.caFrom === undefined ? undefined : await secrets.read(tls.caFrom, at('spec.redis.tls.caFrom'));
  return {
    connectionName: `${options.connectionPrefix}:${metadata.name}`,
    managedSettings: managedSettings(spec),
    commandTimeoutMs: options.commandTimeoutMs,
    ...(password === undefined ? {} : { password: password.current }),
    ...(former === undefined ? {} : { formerPassword: former }),
    ...(auth?.username === undefined ? {} : { username: auth.username }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(authority === undefined ? {} : { ca: authority.current.reveal() }),
            ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
          },
        }),
  };
}

function connectNode(
  { spec }: FailoverGroup,
  node: NodeSpec,
  common: Common,
  bySsh: SshReach | undefined,
): GroupNode {
  const { name, local } = node;
  const { host, port } = node.redis;
  const units = spec.units.map((unit) => unit.name);
  const machine =
    local === undefined
      ? bySsh?.host(node)
      : new LocalHost({ directory: local.directory, units, redisUnit: spec.redis.unit });
  const fence = bySsh?.fence(node);
  return {
    name,
    endpoint: { host, port },
    redis: new RedisNode({ ...common, host, port }),
    ...(machine === undefined ? {} : { host: machine }),
    ...(fence === undefined ? {} : { fence }),
  };
}
