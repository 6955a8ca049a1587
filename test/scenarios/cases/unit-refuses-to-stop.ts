import assert from 'node:assert/strict';
import { units } from '../group-document.ts';
import type { Scenario } from '../scenario.ts';

/** Longer than any stop may take; then systemd kills it. */
const stubborn = '[Service]\nKillSignal=SIGWINCH\nTimeoutStopSec=25\n';

export const unitRefusesToStop: Scenario = {
  name: 'unit-refuses-to-stop',
  about: 'A bot ignores that it is told to stop: the switchover ends where it began, and says why.',
  before: (stage) => stage.dropIn('ct100', units[0], stubborn),
  run: async (stage) => {
    const { code, document } = await stage.understudy('switchover', 'ct101');
    assert.equal(code, 1, JSON.stringify(document));
    assert.match(JSON.stringify(document), /quantshift-equity/);
    await stage.command('switchover', 'ct100');
    await stage.settled('ct100', 60_000);
    return { primary: 'ct100' };
  },
};
