import type { Redis } from 'ioredis';
import { type ConfigLines, RedisProcess } from './redis-process.ts';
import type { RedisServer } from './redis-server.ts';
import { until } from './until.ts';

export interface SentinelOptions {
  primary: RedisServer;
  /** Absent: 3. */
  count?: number;
  /** Absent: the majority of `count`. */
  quorum?: number;
  downAfterMs: number;
  /** Absent: 10,000. */
  failoverTimeoutMs?: number;
}

/** Sentinels that watch one primary under the name `name`. */
export class SentinelGroup {
  readonly name = 'bench';
  readonly #processes: RedisProcess[] = [];

  /** Starts them; resolves when each knows all others and a replica it could promote. */
  static async start(options: SentinelOptions): Promise<SentinelGroup> {
    const group = new SentinelGroup();
    const count = options.count ?? 3;
    const config = sentinelConfig(group.name, options);
    for (let made = 0; made < count; made += 1) {
      group.#processes.push(await RedisProcess.prepare(config, ['--sentinel']));
    }
    await Promise.all(group.#processes.map((process) => process.launch()));
    await Promise.all(group.#processes.map((_, index) => group.#untilReady(index, count - 1)));
    return group;
  }

  get count(): number {
    return this.#processes.length;
  }

  get endpoints(): { host: string; port: number }[] {
    return this.#processes.map(({ host, port }) => ({ host, port }));
  }

  /** A new connection to one of them; stop() closes it if the caller has not. */
  admin(index = 0): Promise<Redis> {
    const process = this.#processes[index];
    if (process === undefined) throw new Error(`no Sentinel ${index}`);
    return process.connect();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }

  async #untilReady(index: number, others: number): Promise<void> {
    const admin = await this.admin(index);
    try {
      await until(`Sentinel ${index} to know its group`, async () => {
        const primary = fields(await admin.call('SENTINEL', 'MASTER', this.name));
        const replicas = (await admin.call('SENTINEL', 'REPLICAS', this.name)) as unknown[];
        const ready = replicas.map(fields).some((replica) => replica['master-link-status'] === 'ok');
        return primary['num-other-sentinels'] === String(others) && primary.flags === 'master' && ready;
      });
    } finally {
      admin.disconnect();
    }
  }
}

function sentinelConfig(name: string, options: SentinelOptions): ConfigLines {
  const { primary, count = 3 } = options;
  const quorum = options.quorum ?? Math.floor(count / 2) + 1;
  return [
    ['sentinel', `monitor ${name} ${primary.host} ${primary.port} ${quorum}`],
    ['sentinel', `auth-pass ${name} ${primary.password}`],
    ['sentinel', `down-after-milliseconds ${name} ${options.downAfterMs}`],
    ['sentinel', `failover-timeout ${name} ${options.failoverTimeoutMs ?? 10_000}`],
  ];
}

/** A flat RESP2 map as a record. */
function fields(flat: unknown): Record<string, string> {
  const list = flat as string[];
  const record: Record<string, string> = {};
  for (let at = 0; at + 1 < list.length; at += 2) record[list[at] ?? ''] = list[at + 1] ?? '';
  return record;
}
