import { Reason } from '../../../reconcilers/reasons.ts';
import type { Scenario } from '../scenario.ts';

export const hostsSplit: Scenario = {
  name: 'hosts-split',
  about:
    'The hosts cannot reach each other, and the controller reaches both: nothing moves, and writes go on.',
  run: async (stage) => {
    await stage.lab.split();
    await stage.said('Ready', Reason.NoReplica);
    await stage.nothingMoves(3_000);
    await stage.written();
    await stage.lab.unsplit();
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
};
