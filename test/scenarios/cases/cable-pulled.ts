import { Reason } from '../../../reconcilers/reasons.ts';
import type { CutKind } from '../../lab/lab-network.ts';
import type { Scenario } from '../scenario.ts';

const words: Readonly<Record<'drop' | 'link', string>> = {
  drop: 'frames vanish silently',
  link: 'it loses its carrier',
};

const fromPrimary = (how: 'drop' | 'link'): Scenario => ({
  name: `cable-${how}-primary`,
  about: `The primary's cable is pulled (${words[how]}): its replica takes over by the lease, and what it wrote alone is kept.`,
  run: async (stage) => {
    await stage.lab.cut('ct100', how satisfies CutKind);
    await stage.tookOver('ct101');
    await stage.written();
    await stage.lab.heal('ct100');
    await stage.settled('ct101');
    return { primary: 'ct101', mayLose: true, keepsCopy: true };
  },
});

const fromReplica = (how: 'drop' | 'link'): Scenario => ({
  name: `cable-${how}-replica`,
  about: `The replica's cable is pulled (${words[how]}): nothing moves, and writes go on.`,
  run: async (stage) => {
    await stage.lab.cut('ct101', how satisfies CutKind);
    await stage.said('Ready', Reason.NoReplica);
    await stage.nothingMoves(3_000);
    await stage.written();
    await stage.lab.heal('ct101');
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
});

export const cablePulled: readonly Scenario[] = [
  fromPrimary('drop'),
  fromPrimary('link'),
  fromReplica('drop'),
  fromReplica('link'),
];
