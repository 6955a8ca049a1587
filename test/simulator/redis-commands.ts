import type { Answer, Command } from '../../controller/redis/connection.ts';
import type { AttachedReplica, RedisView } from '../../reconcilers/observation.ts';
import type { Server, ServerConnection } from './server.ts';
import type { Stage } from './stage.ts';

export const redisPort = 6379;

/** Told of what a controller's commands do, before they do it. */
export interface CommandWatcher {
  /** REPLICAOF host port */
  following(server: Server, to: string, by: string): void;
  /** REPLICAOF NO ONE */
  promoting(server: Server, by: string): void;
  /** Any command that changes a server. */
  effect(words: string): void;
}

const ok: Answer = { value: 'OK' };

/** What a simulated Redis does with a command of a controller's. `look` and `info` are answered without their text. */
export class RedisCommands {
  readonly #stage: Stage;
  readonly #watcher: CommandWatcher;

  constructor(stage: Stage, watcher: CommandWatcher) {
    this.#stage = stage;
    this.#watcher = watcher;
  }

  execute(
    server: Server,
    [name, ...words]: Command,
    { from, by }: { from: ServerConnection; by: string },
  ): Answer {
    switch (name) {
      case 'look':
        return { value: this.#view(server) };
      case 'info':
        return { value: positionOf(server) };
      case 'client':
        return this.#client(server, words, { from, by });
      case 'replicaof':
        return this.#replicaof(server, words, by);
      case 'config':
        return this.#config(server, words, by);
      case 'bgsave':
        this.#watcher.effect(`${by}: ${server.name} BGSAVE`);
        server.snapshot = server.data;
        return ok;
      case 'acl':
        this.#watcher.effect(`${by}: ${server.name} ACL`);
        return ok;
      default:
        return { error: `ERR unknown command '${name}'` };
    }
  }

  #replicaof(server: Server, [host, port]: readonly (string | number)[], by: string): Answer {
    const promotes = host === 'NO';
    this.#watcher.effect(`${by}: ${server.name} REPLICAOF ${host} ${promotes ? 'ONE' : port}`);
    if (promotes) {
      this.#watcher.promoting(server, by);
      this.#stage.raise(server, 'controller');
      return ok;
    }
    this.#watcher.following(server, String(host), by);
    this.#stage.follow(server, String(host));
    return ok;
  }

  #config(server: Server, [verb, name, value]: readonly (string | number)[], by: string): Answer {
    this.#watcher.effect(`${by}: ${server.name} CONFIG ${verb} ${name ?? ''} ${value ?? ''}`);
    if (verb === 'REWRITE') {
      server.savedRole = { role: server.role, of: server.of };
      server.savedConfig = { ...server.config };
    } else server.config[String(name)] = String(value);
    return ok;
  }

  #client(
    server: Server,
    [verb, ...words]: readonly (string | number)[],
    { from, by }: { from: ServerConnection; by: string },
  ): Answer {
    const { now } = this.#stage;
    switch (verb) {
      case 'SETNAME':
        from.name = String(words[0]);
        return ok;
      case 'LIST':
        return { value: listed(server) };
      case 'KILL':
        return this.#kill(server, words, by);
      case 'PAUSE':
        this.#watcher.effect(`${by}: ${server.name} CLIENT PAUSE ${words[0]}`);
        server.pausedUntil = Math.max(server.pausedUntil, now + Number(words[0]));
        return ok;
      default:
        this.#watcher.effect(`${by}: ${server.name} CLIENT ${verb}`);
        if (verb === 'UNPAUSE') server.pausedUntil = 0;
        return ok;
    }
  }

  /** CLIENT KILL ID n ends a controller's connection; TYPE is about clients, which come back at once. */
  #kill(server: Server, [what, id]: readonly (string | number)[], by: string): Answer {
    if (what !== 'ID') {
      this.#watcher.effect(`${by}: ${server.name} CLIENT KILL ${what} ${id}`);
      return ok;
    }
    const connection = server.connections.get(Number(id));
    if (connection === undefined) return ok;
    server.connections.delete(Number(id));
    connection.onEnd();
    return ok;
  }

  #view(server: Server): RedisView {
    const { data, former } = server;
    const { now } = this.#stage;
    const common = {
      state: 'answers' as const,
      runId: `${server.name}#${server.incarnation}`,
      replicationId: data.segment.id,
      ...(former === undefined ? {} : { previousReplicationId: former.id, previousEndOffset: former.end }),
      offset: data.offset,
      keys: data.offset,
      usedMemoryBytes: 1_000_000,
      diskFailing: false,
      config: { ...server.config },
      otherAgent: false,
      priority: 100,
    };
    if (server.role === 'primary') return { ...common, role: 'primary', replicas: this.#replicasOf(server) };
    const since = (at: number): number => Math.floor((now - at) / 1000);
    return {
      ...common,
      role: 'replica',
      of: { host: server.of ?? '', port: redisPort },
      link: server.link,
      ...(server.link === 'down' && server.linkLostAt !== undefined
        ? { linkDownSeconds: since(server.linkLostAt) }
        : {}),
      ...(server.heardAt === 0 ? {} : { lastIoSeconds: since(server.heardAt) }),
    };
  }

  /** A silent one stays on the list until its socket is closed, as in Redis. */
  #replicasOf(server: Server): AttachedReplica[] {
    const listed: AttachedReplica[] = [];
    for (const other of this.#stage.servers.values()) {
      const heard = server.acknowledgedAt.get(other.name);
      const attached = other.role === 'replica' && other.of === server.name && other.link !== 'down';
      if (heard === undefined || !attached || other.process === 'crashed' || other.process === 'stopped')
        continue;
      listed.push({
        host: other.name,
        port: redisPort,
        state: other.link === 'up' ? 'online' : 'syncing',
        offset: other.data.offset,
        lagSeconds: Math.floor((this.#stage.now - heard) / 1000),
      });
    }
    return listed;
  }
}

function positionOf({ role, data }: Server): unknown {
  return { role, replicationId: data.segment.id, offset: data.offset };
}

function listed(server: Server): string {
  return [...server.connections.values()].map(({ id, name }) => `id=${id} name=${name}`).join('\n');
}
