import { Reason } from '../../../reconcilers/reasons.ts';
import type { Scenario } from '../scenario.ts';

/** Longer than the lease and what the watch does then. */
const beyondLeaseMs = 12_000;

export const sshdDead: Scenario = {
  name: 'sshd-dead',
  about:
    'sshd on the primary is dead while Redis lives: nothing moves, the bots outlast the lease, and it is told.',
  run: async (stage) => {
    await stage.on('ct100', 'systemctl stop ssh.service; kill -KILL $(pidof sshd) || true');
    await stage.said('FailoverReady', Reason.OldPrimaryHostSilent);
    await stage.nothingMoves(beyondLeaseMs);
    await stage.written();
    await stage.on('ct100', 'systemctl start ssh.service');
    await stage.settled('ct100');
    return { primary: 'ct100' };
  },
};
