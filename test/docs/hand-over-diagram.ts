import type { HandOverReply, HandOverState, HandOverStep } from '../../reconcilers/hand-over.ts';
import { advanceHandOver, beginHandOver, isEnd } from '../../reconcilers/hand-over.ts';

const budgetMs = 1_000;
const position = (role: 'primary' | 'replica', replicationId: string, offset: number): HandOverReply => ({
  kind: 'done',
  position: { role, replicationId, offset },
});

/** Every kind of answer that a command of the handover can get. */
const replies: readonly HandOverReply[] = [
  { kind: 'done' },
  position('primary', 'x', 10),
  position('primary', 'x', 11),
  position('primary', 'y', 10),
  position('replica', 'x', 9),
  position('replica', 'x', 10),
  position('replica', 'x', 11),
  { kind: 'refused', reason: 'Refused', message: '' },
  { kind: 'unknown', reason: 'OutcomeUnknown', message: '' },
];

/** Beyond this many rounds nothing new is met. */
const mostRounds = 4;

function label(reply: HandOverReply): string {
  if (reply.kind !== 'done') return reply.kind;
  return reply.position === undefined ? 'done' : `done, ${reply.position.role}`;
}

const name = ({ state, next }: HandOverStep): string => (isEnd(next) ? `end_${next.kind}` : state.stage);

/** The handover as a Mermaid state diagram, found by giving the production machine every answer in every state. */
export function handOverDiagram(): string {
  const edges = new Map<string, Set<string>>();
  const seen = new Set<string>();
  const queue: HandOverState[] = [beginHandOver(0, budgetMs, 100).state];
  for (let state = queue.shift(); state !== undefined; state = queue.shift())
    for (const reply of replies) {
      const inTime = advanceHandOver(state, reply, 1);
      const late = advanceHandOver(state, reply, budgetMs);
      for (const step of [inTime, late]) {
        const edge = `${state.stage} --> ${name(step)}`;
        const isLate = step === late && name(late) !== name(inTime);
        const labels = edges.get(edge) ?? new Set();
        edges.set(edge, labels.add(isLate ? 'pause nearly over' : label(reply)));
        const key = JSON.stringify(step.state);
        if (isEnd(step.next) || seen.has(key) || step.state.polls > mostRounds) continue;
        seen.add(key);
        queue.push(step.state);
      }
    }
  const lines = [...edges].map(([edge, labels]) => `  ${edge}: ${told(labels)}`);
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> pause', ...lines, '```'].join('\n');
}

/** Where every kind of `done` leads to one state, its kinds are not told. */
function told(labels: ReadonlySet<string>): string {
  const isAny = ['done', 'done, primary', 'done, replica'].every((one) => labels.has(one));
  const named = isAny ? ['done', ...[...labels].filter((one) => !one.startsWith('done'))] : [...labels];
  return named.join(' / ');
}
