import type { Status } from '../../crd/status.ts';
import type { Action, Outcome } from '../../reconcilers/action.ts';
import { type News, newsOf } from '../../reconcilers/news.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import type { ControllerEvent } from '../controller.ts';
import { UnderstudyError } from '../understudy-error.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { KubernetesStore } from './kubernetes-store.ts';

type Groups = Pick<KubernetesStore, 'uid' | 'get' | 'rejected'>;

/** What is known of one group, so that only news is told. */
interface Told {
  uid: string;
  /** Status as it was last on record. */
  status: Status | undefined;
  /** The last write of status may have got through or not. */
  doubtful: boolean;
  /** Actions that keep failing, and with which reason. */
  readonly failing: Map<string, string>;
  /** What keeps the document from being taken up. */
  problem: string;
}

/** A deposed leader, or one whose status was overtaken: the next look knows more, and nobody needs to be told. */
const noNews: readonly string[] = [Reason.NotLeading, 'Conflict'];

/**
 * The Events of the groups: what the controller does, as far as an operator wants to read it. News are taken from
 * what is on record, so that they are told once, by whichever replica recorded them. One for each term of leading.
 */
export class GroupEvents {
  readonly #recorder: Pick<EventRecorder, 'record'>;
  readonly #groups: Groups;
  readonly #told = new Map<string, Told>();

  constructor(recorder: Pick<EventRecorder, 'record'>, groups: Groups) {
    this.#recorder = recorder;
    this.#groups = groups;
  }

  note(event: ControllerEvent): void {
    const told = this.#of(event.key);
    for (const news of this.#newsIn(event, told)) this.#record(event.key, told, news);
    if (event.kind === 'gone' || event.kind === 'retired') this.#told.delete(event.key);
  }

  /** What others have to tell of a group; to say it once is their business. */
  tell(key: string, news: News): void {
    this.#record(key, this.#of(key), news);
  }

  #newsIn(event: ControllerEvent, told: Told): readonly News[] {
    switch (event.kind) {
      case 'decided': {
        const recorded = event.situation.status;
        const news = told.doubtful && told.status !== undefined ? newsOf(told.status, recorded) : [];
        told.status = recorded;
        told.doubtful = false;
        if (event.situation.problem === undefined) told.problem = '';
        return unsaid(news, told);
      }
      case 'acted':
        return [...recordedNews(event, told), ...failureNews(event, told)];
      case 'problem':
        return problemNews(this.#reasonOf(event), event.message, told);
      case 'fault':
        return event.cause instanceof UnderstudyError
          ? problemNews(Reason.Unconnected, event.cause.message, told)
          : [];
      case 'retired':
        return event.unreached.length === 0 ? [] : [leftBehind(event.unreached)];
      case 'gone':
        return [];
    }
  }

  /** It is the document that cannot be taken up, or the API server that does not take a write. */
  #reasonOf({ key, message }: { key: string; message: string }): Reason {
    const problem = this.#groups.get(key)?.problem ?? this.#groups.rejected(key)?.problem;
    return problem === message ? Reason.SpecInvalid : Reason.StoreUnavailable;
  }

  #record(key: string, { uid }: Told, news: News): void {
    const [namespace, name] = key.split('/');
    // Of what was never seen in the cluster nothing can be told there.
    if (namespace === undefined || name === undefined || uid === '') return;
    this.#recorder.record({ namespace, name, uid }, news);
  }

  /** A group that is gone from the store is still known by the uid that it had. */
  #of(key: string): Told {
    let told = this.#told.get(key);
    if (told === undefined) {
      told = { uid: '', status: undefined, doubtful: false, failing: new Map(), problem: '' };
      this.#told.set(key, told);
    }
    told.uid = this.#groups.uid(key) ?? told.uid;
    return told;
  }
}

type Acted = { readonly action: Action; readonly outcome: Outcome };

function recordedNews({ action, outcome }: Acted, told: Told): readonly News[] {
  if (action.kind !== 'record') return [];
  told.doubtful = outcome.kind === 'unknown';
  if (outcome.kind !== 'done') return [];
  const news = newsOf(told.status ?? {}, action.status);
  told.status = action.status;
  return unsaid(news, told);
}

/** Without what a refused document was told with already. */
function unsaid(news: readonly News[], told: Told): readonly News[] {
  return news.filter(({ message }) => message !== told.problem);
}

/** A failure is told when it begins and when it changes. */
function failureNews({ action, outcome }: Acted, { failing }: Told): readonly News[] {
  const what = describe(action);
  if (outcome.kind === 'done') {
    failing.delete(what);
    return [];
  }
  const { reason, message } = outcome;
  if (noNews.includes(reason) || failing.get(what) === reason) return [];
  failing.set(what, reason);
  const how = outcome.kind === 'refused' ? 'was refused' : 'has an unknown outcome';
  return [{ type: 'Warning', reason, message: `${what} ${how}: ${message}` }];
}

function problemNews(reason: Reason, message: string, told: Told): readonly News[] {
  if (told.problem === message) return [];
  told.problem = message;
  return [{ type: 'Warning', reason, message }];
}

function describe(action: Action): string {
  if (action.kind === 'record') return 'Recording status';
  if (action.kind === 'handOver') return `handOver from ${action.from} to ${action.to}`;
  return `${action.kind} on ${action.node}`;
}

function leftBehind(unreached: readonly string[]): News {
  const message = `Deleted, but ${unreached.join(', ')} could not be reached: its dead-man lease was not taken off and may stop its units. Once it is back, end its watch there: systemctl stop 'understudy-lease-*'.`;
  return { type: 'Warning', reason: Reason.LeasesLeftBehind, message };
}
