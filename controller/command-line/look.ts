import type { Status } from '../../crd/status.ts';
import type { Decision } from '../../reconcilers/reconcile.ts';
import { reconcile } from '../../reconcilers/reconcile.ts';
import type { Situation } from '../../reconcilers/situation.ts';
import { connectGroups } from '../connect-group.ts';
import { FileSecrets } from '../file-secrets.ts';
import type { GroupNode } from '../group-nodes.ts';
import { monotonicClock } from '../monotonic-clock.ts';
import { Observer } from '../observe.ts';
import { wishesOf } from '../wishes.ts';
import { isLookedAfter } from './controller-probe.ts';
import type { GroupDocument } from './group-document.ts';
import { recalled } from './recalled-memory.ts';
import { readRecordedStatus } from './recorded-status.ts';

/** One look at a group from here: what is wanted, what is on record, what is so, and what follows from it. */
export interface Look {
  readonly document: GroupDocument;
  readonly controllerRunning: boolean;
  /** What the controller wrote last. */
  readonly recorded: Status;
  readonly recordProblem?: string;
  readonly situation: Situation;
  /** What the planner makes of it, with no more memory than the record gives. */
  readonly decision: Decision;
}

const commandTimeoutMs = 500;

/** Looks at a group's nodes and changes nothing there: no call is made that asks for a claim. */
export class Looker {
  readonly #document: GroupDocument;
  readonly #nodes: readonly GroupNode[];
  readonly #clock = monotonicClock();
  readonly #observer = new Observer(this.#clock);

  private constructor(document: GroupDocument, nodes: readonly GroupNode[]) {
    this.#document = document;
    this.#nodes = nodes;
  }

  /** Throws UnderstudyError when a secret is missing or a host cannot be reached by this version. */
  static async connect(document: GroupDocument): Promise<Looker> {
    const { folder, group } = document;
    const connect = connectGroups({
      secrets: new FileSecrets({ folder, env: process.env }),
      commandTimeoutMs,
      connectionPrefix: 'understudy-look',
    });
    return new Looker(document, await connect(group));
  }

  /** A host that was silent is waited for once more, as long as at first: the first connection to it takes its time. */
  async patientLook(): Promise<Look> {
    const look = await this.look();
    const mute = look.situation.observation.nodes.some(({ host }) => host.state === 'silent');
    return mute ? this.look(new Observer(this.#clock)) : look;
  }

  async look(observer = this.#observer): Promise<Look> {
    const { file, group } = this.#document;
    const [record, controllerRunning, observation] = await Promise.all([
      readRecordedStatus(file),
      isLookedAfter(file),
      observer.observe(this.#nodes),
    ]);
    const situation: Situation = {
      spec: group.spec,
      generation: record.generation,
      wishes: wishesOf(group.metadata.annotations ?? {}),
      status: record.status,
      observation,
      memory: recalled(record.status),
      now: this.#clock.now(),
    };
    return {
      document: this.#document,
      controllerRunning,
      recorded: record.status,
      ...(record.problem === undefined ? {} : { recordProblem: record.problem }),
      situation,
      decision: reconcile(situation),
    };
  }

  close(): void {
    for (const node of this.#nodes) {
      node.redis.close();
      node.host?.close();
    }
  }
}

/** One look with connections of its own. */
export async function lookOnce(document: GroupDocument): Promise<Look> {
  const looker = await Looker.connect(document);
  try {
    return await looker.patientLook();
  } finally {
    looker.close();
  }
}
