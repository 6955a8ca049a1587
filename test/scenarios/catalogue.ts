import { cablePulled } from './cases/cable-pulled.ts';
import { cutOffFromBoth, cutOffFromPrimary, cutOffFromReplica } from './cases/controller-cut-off.ts';
import { killedInFailover, killedInSwitchover } from './cases/controller-killed.ts';
import { deadHostReturns } from './cases/dead-host-returns.ts';
import { diskFull } from './cases/disk-full.ts';
import { drill } from './cases/drill.ts';
import { failback } from './cases/failback.ts';
import { hostFrozen } from './cases/host-frozen.ts';
import { hostsSplit } from './cases/hosts-split.ts';
import { measuredDrill } from './cases/measured-drill.ts';
import { plannedSwitchover } from './cases/planned-switchover.ts';
import { powerLossFenced, powerLossLease, powerLossUnfenced } from './cases/power-loss.ts';
import { redisHung } from './cases/redis-hung.ts';
import { redisKilled } from './cases/redis-killed.ts';
import { redisRestarted } from './cases/redis-restarted.ts';
import { redisStopped } from './cases/redis-stopped.ts';
import { sshdDead } from './cases/sshd-dead.ts';
import { staleRestart } from './cases/stale-restart.ts';
import { switchoverToCrashLoop, unitCrashLoops } from './cases/unit-crash-loops.ts';
import { unitRefusesToStop } from './cases/unit-refuses-to-stop.ts';
import { wrongClock } from './cases/wrong-clock.ts';
import { wrongMasterauth } from './cases/wrong-masterauth.ts';
import type { Scenario } from './scenario.ts';

/** Every scenario. They are begun in this order: first those that take long, so that none is waited for alone. */
export const catalogue: readonly Scenario[] = [
  unitRefusesToStop,
  killedInFailover,
  killedInSwitchover,
  redisKilled,
  plannedSwitchover,
  redisStopped,
  failback,
  drill,
  measuredDrill,
  staleRestart,
  powerLossFenced,
  powerLossLease,
  powerLossUnfenced,
  deadHostReturns,
  ...cablePulled,
  hostsSplit,
  cutOffFromPrimary,
  cutOffFromReplica,
  cutOffFromBoth,
  redisHung,
  redisRestarted,
  hostFrozen,
  sshdDead,
  unitCrashLoops,
  switchoverToCrashLoop,
  wrongMasterauth,
  diskFull,
  wrongClock,
];
