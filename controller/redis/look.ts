import type { RedisData, RedisView } from '../../reconcilers/observation.ts';
import { viewOfErrorReply } from './classify-fault.ts';
import { type Answer, type Command, textOf } from './connection.ts';
import { parseInfo, viewOfInfo } from './info.ts';
import type { NodePassword } from './node-password.ts';
import type { ReplicationLogin } from './replication-login.ts';

/** Sentinels that watch a Redis subscribe to this channel on it (sentinel.c, SENTINEL_HELLO_CHANNEL). */
const sentinelChannel = '__sentinel__:hello';

/** The sections of INFO that `viewOfInfo` reads from. */
const sections = ['server', 'memory', 'persistence', 'replication', 'keyspace'];

/** Asked for besides the managed settings; no user's setting. */
const ownSettings = ['replica-priority', 'masterauth', 'masteruser'];

/** Everything that one look asks, for one round trip, and what the answers say. */
export class Look {
  readonly #settings: readonly string[];
  readonly #managed: ReadonlySet<string>;
  readonly #plain: readonly Command[];
  readonly #terse: readonly Command[];

  constructor(managedSettings: readonly string[], password?: NodePassword) {
    this.#settings = [...new Set([...ownSettings, ...managedSettings])];
    this.#managed = new Set(managedSettings);
    const subscribers: Command = ['pubsub', 'NUMSUB', sentinelChannel];
    const asked = password?.question === undefined ? [] : [password.question];
    const one = this.#settings.map((name): Command => ['config', 'GET', name]);
    this.#plain = [['info'], subscribers, ...one, ...asked];
    this.#terse = [['info', ...sections], subscribers, ['config', 'GET', ...this.#settings], ...asked];
  }

  /** `terse`: with several names to INFO and CONFIG GET, which servers before 7.0 do not take. */
  commands(terse: boolean): readonly Command[] {
    return terse ? this.#terse : this.#plain;
  }

  /** The view that the answers to either of the `commands` give. */
  view(
    answers: readonly Answer[],
    login: ReplicationLogin | undefined,
    { passwordAsked, password }: { passwordAsked: boolean; password: RedisData['password'] },
  ): RedisView {
    // The last is the answer about the password; its refusal says nothing of the node.
    const own = passwordAsked ? answers.slice(0, -1) : answers;
    const fault = own.find((answer) => 'error' in answer);
    if (fault !== undefined) return viewOfErrorReply(fault.error);
    const [info, subscribers, ...settings] = own;
    const shown = shownSettings(settings);
    const replicationLogin = login?.verdict(shown.get('masterauth'), shown.get('masteruser'));
    return viewOfInfo(parseInfo(textOf(info)), {
      otherAgent: Number(list(subscribers)[1] ?? 0) > 0,
      priority: Number(shown.get('replica-priority') ?? 0),
      config: this.#config(shown),
      ...(replicationLogin === undefined ? {} : { replicationLogin }),
      ...(password === undefined ? {} : { password }),
    });
  }

  #config(shown: ReadonlyMap<string, string>): Record<string, string> {
    const config: Record<string, string> = {};
    for (const [name, value] of shown)
      if (this.#managed.has(name) || !ownSettings.includes(name)) config[name] = value;
    return config;
  }
}

/** Whether the INFO among these answers is of a server that takes several names: Redis since 7.0. */
export function takesSeveralNames([info]: readonly Answer[]): boolean {
  const version = /^redis_version:(\d+)/m.exec(textOf(info))?.[1];
  return Number(version ?? 0) >= 7;
}

/** Names and values that CONFIG GETs gave; a setting that this server does not know is not among them. */
function shownSettings(answers: readonly Answer[]): ReadonlyMap<string, string> {
  const shown = new Map<string, string>();
  for (const answer of answers) {
    const words = list(answer);
    for (let at = 0; at + 1 < words.length; at += 2) shown.set(words[at] ?? '', words[at + 1] ?? '');
  }
  return shown;
}

/** An answer that is a flat list, as texts. */
export function list(answer: Answer | undefined): string[] {
  return answer !== undefined && 'value' in answer && Array.isArray(answer.value)
    ? answer.value.map(String)
    : [];
}
