import { join } from 'node:path';

/** What the redis.conf of a node is made of. */
export interface RedisTerms {
  readonly port: number;
  /** Where its data and its log are. */
  readonly folder: string;
  readonly password: string;
  /** The port of its primary; absent: it is one. */
  readonly follows?: number;
}

export function redisConf({ port, folder, password, follows }: RedisTerms): string {
  return `bind 127.0.0.1
port ${port}
dir ${folder}
logfile ${join(folder, 'redis.log')}
daemonize no
# Keeps the path of this file in the process list, by which the stage finds what is its own.
set-proc-title no
requirepass ${password}
masterauth ${password}
repl-diskless-sync-delay 0
# After a diskless sync the link is up, but nothing is streamed before the replica's next acknowledgement, up to 1 s
# later (networking.c, repl_start_cmd_stream_on_ack): what is lost in a crash would differ from run to run.
repl-diskless-sync no
save ""
appendonly yes
appendfsync no
${follows === undefined ? '' : `replicaof 127.0.0.1 ${follows}\n`}`;
}

/** One that hangs is killed a second later. */
export const redisTerms = ['Restart=no', 'TimeoutStopSec=1'];
export const botTerms = ['Restart=always', 'RestartSec=0'];

export function unitFile(command: readonly string[], terms: readonly string[]): string {
  return ['[Service]', `ExecStart=${command.join(' ')}`, ...terms, ''].join('\n');
}

/** Writes down when it starts and when it is told to end; lives no longer than the folder. */
export const botScript = `#!/bin/sh
# bot.sh UNIT NODE FOLDER
note() { echo "$1 $2 $3" >>"$4/bots.log"; }
trap 'note end "$1" "$2" "$3"; exit 0' TERM
note start "$1" "$2" "$3"
while [ -d "$3" ]; do sleep 1 & wait $!; done
`;
