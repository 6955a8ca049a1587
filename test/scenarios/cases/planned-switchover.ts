import type { Scenario } from '../scenario.ts';

export const plannedSwitchover: Scenario = {
  name: 'R2-planned-switchover',
  about: 'An operator moves the primary while bots and others write: nothing is lost.',
  run: async (stage) => {
    await stage.command('switchover', 'ct101');
    await stage.settled('ct101');
    return { primary: 'ct101' };
  },
};
