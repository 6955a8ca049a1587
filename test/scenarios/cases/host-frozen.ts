import type { Scenario } from '../scenario.ts';

export const hostFrozen: Scenario = {
  name: 'host-frozen',
  about:
    "Every process of the primary's host stands still: the hypervisor switches it off before anything moves.",
  group: { isFencedOutOfBand: true },
  run: async (stage) => {
    await stage.lab.freeze('ct100');
    await stage.tookOver('ct101');
    await stage.written();
    await stage.lab.boot('ct100');
    await stage.settled('ct101');
    return { primary: 'ct101', mayLose: true };
  },
};
