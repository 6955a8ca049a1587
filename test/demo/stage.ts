import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisAddress } from '../redis/admin-connection.ts';
import { freePort } from '../redis/free-port.ts';
import { redisBinary } from '../redis/redis-binary.ts';
import type { BotSettings } from './bot-settings.ts';

export const nodeNames = ['ct100', 'ct101'] as const;
export type NodeName = (typeof nodeNames)[number];
export const botNames = ['equity-bot', 'crypto-bot'] as const;
export const redisUnit = 'redis-server.service';

/** The folder that the demo plays in: two nodes with their units, the group's file, the bots' records. */
export interface Stage {
  readonly folder: string;
  readonly groupFile: string;
  readonly statusFile: string;
  readonly controllerLog: string;
  readonly records: string;
  readonly address: Readonly<Record<NodeName, Required<RedisAddress>>>;
  /** Where the unit files of a node are. */
  units(node: NodeName): string;
}

/** Writes it all; nothing runs yet. Everything that will run has the folder's name among its arguments. */
export async function buildStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-demo-'));
  const password = randomBytes(16).toString('hex');
  const at = (port: number) => ({ host: '127.0.0.1', port, password });
  const stage: Stage = {
    folder,
    groupFile: join(folder, 'group.yaml'),
    statusFile: join(folder, 'group.status.json'),
    controllerLog: join(folder, 'controller.log'),
    records: join(folder, 'records'),
    address: { ct100: at(await freePort()), ct101: at(await freePort()) },
    units: (node) => join(folder, node, 'units'),
  };
  await mkdir(stage.records);
  await writeFile(join(folder, 'redis-password'), `${password}\n`, { mode: 0o600 });
  for (const node of nodeNames) await writeNode(stage, node);
  await writeFile(stage.groupFile, groupYaml(stage));
  await writeFile(join(folder, 'end.sh'), endScript(folder));
  await chmod(join(folder, 'end.sh'), 0o755);
  return stage;
}

async function writeNode(stage: Stage, node: NodeName): Promise<void> {
  const data = join(stage.folder, node, 'redis');
  await mkdir(stage.units(node), { recursive: true });
  await mkdir(data);
  const config = join(data, 'redis.conf');
  await writeFile(config, redisConf(stage.address[node], data), { mode: 0o600 });
  await writeFile(join(stage.units(node), redisUnit), unitFile(`Redis of ${node}`, [redisBinary(), config]));
  for (const bot of botNames) {
    const settings: BotSettings = {
      bot,
      node,
      endpoints: nodeNames.map((name) => ({ host: '127.0.0.1', port: stage.address[name].port })),
      passwordFile: join(stage.folder, 'redis-password'),
      records: stage.records,
    };
    const settingsFile = join(stage.folder, node, `${bot}.json`);
    await writeFile(settingsFile, JSON.stringify(settings, null, 2));
    const command = [process.execPath, join(import.meta.dirname, 'bot.ts'), settingsFile];
    await writeFile(join(stage.units(node), `${bot}.service`), unitFile(`${bot} of ${node}`, command));
  }
}

function redisConf({ port, password }: Required<RedisAddress>, data: string): string {
  return `bind 127.0.0.1
port ${port}
dir ${data}
logfile ${join(data, 'redis.log')}
daemonize no
# Keeps the path of this file in the process list, by which the demo finds what is its own.
set-proc-title no
requirepass ${password}
masterauth ${password}
save ""
appendonly yes
# The operating system flushes when it likes. The demo kills processes, not machines: every acknowledged write is in
# the kernel's hands by then. (everysec puts off a write while an fsync runs, and a kill then loses what waited.)
appendfsync no
`;
}

function unitFile(description: string, command: readonly string[]): string {
  return `[Unit]
Description=${description} (understudy demo)

[Service]
ExecStart=${command.join(' ')}
Restart=no
`;
}

function groupYaml(stage: Stage): string {
  const node = (name: NodeName) => `    - name: ${name}
      redis: { host: 127.0.0.1, port: ${stage.address[name].port} }
      local: { directory: ${stage.units(name)} }`;
  return `# The demo's group: two Redis servers and two bots on this machine.
apiVersion: understudy.dev/v1alpha1
kind: FailoverGroup
metadata:
  name: demo
spec:
  primary: ct100 # a request: edit this line to switch over
  nodes:
${nodeNames.map(node).join('\n')}
  redis:
    auth:
      passwordFrom: { file: ${join(stage.folder, 'redis-password')} }
    unit: ${redisUnit}
    config:
      maxmemory: 512mb
      repl-diskless-sync-delay: 0 # Redis waits 5 s before a full sync otherwise, for more replicas to come
  # May run only beside the primary, never on two nodes at once.
  units:
${botNames.map((bot) => `    - name: ${bot}.service`).join('\n')}
  failover:
    cooldownSeconds: 0 # the demo has no five minutes between two moves
  failback:
    policy: Manual # after a failover the primary stays where it is until someone says otherwise
`;
}

/** Ends every process that names the folder, and nothing else; then the folder goes. */
function endScript(folder: string): string {
  return `#!/bin/sh
# Ends what this demo started and removes its folder.
folder=${folder}
# Processes with the folder and the given text among their arguments; not this script.
ours() {
  for process in /proc/[0-9]*; do
    [ "\${process#/proc/}" = "$$" ] && continue
    arguments=$({ tr '\\0' ' ' <"$process/cmdline"; } 2>/dev/null) || continue
    case $arguments in *"$folder/"*) case $arguments in *"$1"*) echo "\${process#/proc/}" ;; esac ;; esac
  done
}
end() {
  for signal in TERM KILL; do
    for pid in $(ours "$1"); do kill -s "$signal" "$pid" 2>/dev/null; done
    for wait in 1 2 3 4 5 6 7 8 9 10; do [ -z "$(ours "$1")" ] && return; sleep 0.2; done
  done
}
# The controller first, or it would mend what is ended.
end 'main.ts run'
end ''
rm -rf "$folder"
`;
}
