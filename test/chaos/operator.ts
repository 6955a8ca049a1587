import { acceptDataOfAnnotation, formatNodeAtEpoch } from '../../crd/annotations.ts';
import type { Status } from '../../crd/status.ts';
import type { ChaosStage } from './chaos-stage.ts';

/** So long (ms) a question stands before somebody answers it. */
const thinkingMs = 1_000;

/** Where the controller stops and asks whose data to keep, the operator answers: that of the node with most keys. */
export class Operator {
  readonly answers: string[] = [];
  readonly #stage: ChaosStage;
  #thinking: NodeJS.Timeout | undefined;

  constructor(stage: ChaosStage) {
    this.#stage = stage;
  }

  note(status: Status): void {
    const asked = isAsking(status);
    if (!asked) {
      clearTimeout(this.#thinking);
      this.#thinking = undefined;
      return;
    }
    this.#thinking ??= setTimeout(() => void this.#answer(status).catch(() => undefined), thinkingMs);
  }

  close(): void {
    clearTimeout(this.#thinking);
  }

  async #answer(status: Status): Promise<void> {
    this.#thinking = undefined;
    const keys = await Promise.all(
      this.#stage.nodes.map((node) => this.#stage.admin(node, (admin) => admin.dbsize()).catch(() => -1)),
    );
    const leads = status.conditions?.some(
      ({ type, status: is }) => type === 'PrimaryAvailable' && is === 'True',
    );
    const richest = this.#stage.nodes[keys.indexOf(Math.max(...keys))] ?? '';
    const node = leads === true ? (status.currentPrimary ?? richest) : richest;
    const answer = formatNodeAtEpoch({ node, epoch: status.epoch ?? 0 });
    if (this.#stage.wanted.annotations[acceptDataOfAnnotation] === answer) return;
    this.answers.push(answer);
    await this.#stage.ask({ annotations: { [acceptDataOfAnnotation]: answer } });
  }
}

const isAsking = ({ conditions = [] }: Status): boolean =>
  conditions.some(({ message }) => message.includes(acceptDataOfAnnotation));
