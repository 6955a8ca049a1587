import { benchCrashes, benchPowerLosses, type DeathFigures, type PowerLossFigures } from './deaths.ts';
import { inLab } from './lab-stage.ts';
import { benchSwitchovers, type SwitchoverFigures, switchContenders } from './switchovers.ts';

export interface LabResult {
  readonly bench: 'lab';
  readonly contenders: Readonly<Record<string, SwitchoverFigures>>;
  readonly crash: DeathFigures;
  readonly powerLoss: Readonly<Record<'withFence' | 'withLease', PowerLossFigures>>;
}

/** Real hosts: switchovers beside the runbook's own script, and the deaths of Redis and of a machine. */
export async function benchLab(runs: number, progress: (line: string) => void): Promise<LabResult> {
  return inLab(progress, async (lab) => {
    const contenders: Record<string, SwitchoverFigures> = {};
    for (const [name, contender] of Object.entries(switchContenders)) {
      contenders[name] = await benchSwitchovers(lab, contender, runs);
      progress(`${name}: ${JSON.stringify(contenders[name])}`);
    }
    const crash = await benchCrashes(lab, runs);
    progress(`crash: ${JSON.stringify(crash)}`);
    const losses = Math.min(runs, 2);
    const withFence = await benchPowerLosses(lab, losses, 'fence');
    progress(`power loss, fenced: ${JSON.stringify(withFence)}`);
    const withLease = await benchPowerLosses(lab, losses, 'lease');
    progress(`power loss, lease: ${JSON.stringify(withLease)}`);
    return { bench: 'lab', contenders, crash, powerLoss: { withFence, withLease } };
  });
}
