import type { RedisData, RedisView } from '../../reconcilers/observation.ts';
import { viewOfErrorReply } from './classify-fault.ts';
import { type Answer, type Command, textOf } from './connection.ts';
import { parseInfo, viewOfInfo } from './info.ts';
import type { NodePassword } from './node-password.ts';
import type { ReplicationLogin } from './replication-login.ts';

/** Sentinels that watch a Redis subscribe to this channel on it (sentinel.c, SENTINEL_HELLO_CHANNEL). */
const sentinelChannel = '__sentinel__:hello';

/** Everything that one look asks, for one round trip. One name a CONFIG GET: 6.2 takes no more. */
export function lookCommands(managedSettings: readonly string[], password?: NodePassword): Command[] {
  const settings = ['replica-priority', 'masterauth', 'masteruser', ...managedSettings];
  return [
    ['info'],
    ['pubsub', 'NUMSUB', sentinelChannel],
    ...settings.map((name) => ['config', 'GET', name] as const),
    ...(password?.question === undefined ? [] : [password.question]),
  ];
}

/** The view that the answers to `lookCommands` give. */
export function viewOfLook(
  answers: readonly Answer[],
  login: ReplicationLogin | undefined,
  { passwordAsked, password }: { passwordAsked: boolean; password: RedisData['password'] },
): RedisView {
  // The last is the answer about the password; its refusal says nothing of the node.
  const own = passwordAsked ? answers.slice(0, -1) : answers;
  const fault = own.find((answer) => 'error' in answer);
  if (fault !== undefined) return viewOfErrorReply(fault.error);
  const [info, subscribers, priority, masterauth, masteruser, ...settings] = own;
  const replicationLogin = login?.verdict(list(masterauth)[1], list(masteruser)[1]);
  return viewOfInfo(parseInfo(textOf(info)), {
    otherAgent: Number(list(subscribers)[1] ?? 0) > 0,
    priority: Number(list(priority)[1] ?? 0),
    config: Object.fromEntries(settings.flatMap(settingOf)),
    ...(replicationLogin === undefined ? {} : { replicationLogin }),
    ...(password === undefined ? {} : { password }),
  });
}

/** The name and value that a CONFIG GET gave; nothing for a setting that this server does not know. */
function settingOf(answer: Answer): [string, string][] {
  const [name, value] = list(answer);
  return name === undefined || value === undefined ? [] : [[name, value]];
}

/** An answer that is a flat list, as texts. */
export function list(answer: Answer | undefined): string[] {
  return answer !== undefined && 'value' in answer && Array.isArray(answer.value)
    ? answer.value.map(String)
    : [];
}
