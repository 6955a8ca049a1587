import type { ModelScope } from '../model-state.ts';

/** A planner or an executor with one fault built in: exact texts of a file, each there once, and what they become. */
export interface Mutant {
  readonly name: string;
  /** The rule that it is caught by. */
  readonly breaks: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
  /** The part of the checker's world that brings it to light. */
  readonly world: Partial<ModelScope>;
}

/** Only these events, this many on a path. */
const after = (
  events: number,
  only: readonly string[],
  more: Partial<ModelScope> = {},
): Partial<ModelScope> => ({ events, only, amidst: 'nothing', roots: ['at rest'], ...more });

const struck = { amidst: 'controller' } as const;
const alone = { fences: false } as const;
const trio = { nodes: ['a', 'b', 'c'], units: ['bot-a.service'] } as const;

export const mutants: readonly Mutant[] = [
  {
    name: 'promotes before it demotes',
    breaks: 'S2',
    world: after(1, ['request']),
    edits: [
      {
        file: 'reconcilers/hand-over.ts',
        find: "demote: { run: 'follow', node: 'from' }",
        replace: "demote: { run: 'promote', node: 'to' }",
      },
      {
        file: 'reconcilers/hand-over.ts',
        find: "  promote: { run: 'promote', node: 'to' }",
        replace: "  promote: { run: 'follow', node: 'from' }",
      },
    ],
  },
  {
    name: 'hands over without waiting for the replica',
    breaks: 'S3',
    world: after(2, ['lag', 'request']),
    edits: [
      {
        file: 'reconcilers/hand-over.ts',
        find: 'position.replicationId === target.replicationId && position.offset >= target.offset;',
        replace: 'position !== undefined;',
      },
    ],
  },
  {
    name: 'reads an unknown demotion as done',
    breaks: 'S2',
    world: after(2, ['request'], struck),
    edits: [
      {
        file: 'reconcilers/hand-over.ts',
        find: "if (reply.kind === 'done') return go(state, 'promote');",
        replace: "if (reply.kind !== 'refused') return go(state, 'promote');",
      },
    ],
  },
  {
    name: 'drops the rollback',
    breaks: 'S6',
    world: after(2, ['lag', 'request']),
    edits: [
      {
        file: 'reconcilers/hand-over.ts',
        find: "HandOverStep => go({ ...state, end }, 'rollBack');",
        replace: 'HandOverStep => finish(state, end);',
      },
    ],
  },
  {
    name: 'does not pause the writers',
    breaks: 'S3',
    world: after(1, ['request'], { amidst: 'anything' }),
    edits: [
      {
        file: 'controller/execute/hand-over.ts',
        find: 'return located(await node.redis.pauseWrites(command.milliseconds));',
        replace: 'return located(await node.redis.position());',
      },
    ],
  },
  {
    name: 'drops the lag guard',
    breaks: 'S4',
    world: after(1, ['crash'], { writes: 4 }),
    edits: [
      {
        file: 'reconcilers/candidate.ts',
        find: 'if (!isAheadBy(relation, situation.spec.failover.maxLagBytes)) return undefined;',
        replace: 'if (relation !== undefined) return undefined;',
      },
    ],
  },
  {
    name: 'promotes a node in mid-sync',
    breaks: 'S4',
    world: after(2, ['promote b', 'hang a', 'power off a'], { writes: 1 }),
    edits: [
      {
        file: 'reconcilers/candidate.ts',
        find: "view.role === 'replica' && view.link === 'syncing' && !rescues(candidacy, view)",
        replace: 'false',
      },
      {
        file: 'controller/execute/roles.ts',
        find: "if (view.role === 'replica' && view.link === 'syncing' && !terms.rescue)",
        replace: 'if (false)',
      },
    ],
  },
  {
    name: 'ignores the replica as a witness',
    breaks: 'S5',
    world: after(1, ['cut']),
    edits: [
      {
        file: 'reconcilers/evidence.ts',
        find: "return witnesses.includes(true) ? 'up' : 'down';",
        replace: "return 'down';",
      },
    ],
  },
  {
    name: 'forgets to move the epoch on',
    breaks: 'S9',
    world: after(3, ['request'], struck),
    edits: [
      {
        file: 'reconcilers/transition.ts',
        find: 'epoch: highestEpoch(situation) + 1,\n    fromEpoch',
        replace: 'epoch: highestEpoch(situation),\n    fromEpoch',
      },
    ],
  },
  {
    name: 'reads an unknown outcome as done',
    breaks: 'S9',
    world: after(2, ['request'], struck),
    edits: [
      {
        file: 'controller/reconcile-pass.ts',
        find: "rest = outcome.kind === 'done' ? later : stillSound(later, [action]);",
        replace: "rest = outcome.kind !== 'refused' ? later : stillSound(later, [action]);",
      },
      {
        file: 'controller/reconcile-pass.ts',
        find: "(outcome.kind === 'done' ? done : failed).push(action);",
        replace: "(outcome.kind !== 'refused' ? done : failed).push(action);",
      },
    ],
  },
  {
    name: 'starts units before the stop is proved',
    breaks: 'S1',
    world: after(2, ['crash a', 'unit'], { writes: 1 }),
    edits: [
      {
        file: 'reconcilers/dependence.ts',
        find: "return later.kind === 'startUnits' || later.kind === 'handOver';",
        replace: "return later.kind === 'handOver';",
      },
      {
        file: 'controller/execute/units.ts',
        find: 'if (failure !== undefined) return failure;',
        replace: '',
      },
    ],
  },
  {
    name: 'takes a silent host for one that is off',
    breaks: 'S1',
    world: after(1, ['pull'], alone),
    edits: [
      {
        file: 'reconcilers/fencing.ts',
        find: 'if (active === undefined) return proofOfFence(situation, name);',
        replace: "if (active === undefined) return 'PoweredOff';",
      },
    ],
  },
  {
    name: 'records after it acted',
    breaks: 'S9',
    world: after(1, ['request']),
    edits: [
      { file: 'reconcilers/reconcile.ts', find: '[...write, ...acts]', replace: '[...acts, ...write]' },
    ],
  },
  {
    name: 'skips the copy of diverged data',
    breaks: 'S3',
    world: after(1, ['crash']),
    edits: [
      {
        file: 'reconcilers/plan.ts',
        find: "if (keep?.kind === 'preserve') actions.push(keep);\n    else if (keep !== undefined) blocked ??= keep;",
        replace: 'if (false) actions.push(keep as never);',
      },
    ],
  },
  {
    name: 'skips the cooldown',
    breaks: 'cooldown',
    world: after(2, ['crash'], { ...alone, writes: 1, nodes: ['a', 'b', 'c'], units: ['bot-a.service'] }),
    edits: [
      { file: 'reconcilers/guards.ts', find: '= [modeAllows, hasCooledDown];', replace: '= [modeAllows];' },
    ],
  },
  {
    name: 'believes in the end of a lease too early',
    breaks: 'S3',
    world: after(1, ['pull'], alone),
    edits: [
      {
        file: 'reconcilers/lease.ts',
        find: 'const endingMs = leaseTimes.lookMs + leaseTimes.stopDeadlineMs + leaseTimes.killMs;',
        replace: 'const endingMs = 0;',
      },
    ],
  },
  {
    name: 'forgets that a watch carries on beside a replica',
    breaks: 'S1',
    world: after(2, ['cut @host', 'request'], alone),
    edits: [
      {
        file: 'reconcilers/lease.ts',
        find: 'if (at === undefined || alone === undefined) return undefined;\n  return Math.max(0, Math.max(at, alone + leaseTimes.acknowledgedMs)',
        replace:
          'if (at === undefined) return undefined;\n  return Math.max(0, Math.max(at, (alone ?? 0) + leaseTimes.acknowledgedMs)',
      },
    ],
  },
  {
    name: 'trusts a fence on record after the node was back',
    breaks: 'S3',
    world: after(2, ['ask for', 'pull a'], { roots: ['failed over'], writes: 1 }),
    edits: [
      {
        file: 'reconcilers/power-off.ts',
        find: "if (host.state === 'answers' || answering(situation, name) !== undefined) return undefined;",
        replace: '',
      },
    ],
  },
  {
    name: 'promotes without a fence',
    breaks: 'S3',
    world: after(1, ['pull']),
    edits: [
      {
        file: 'reconcilers/fencing.ts',
        find: "if (analysis.fence === 'none') return ready([]);",
        replace: 'if (analysis !== undefined) return ready([]);',
      },
    ],
  },
  {
    name: 'takes every silent primary for one that refuses writes',
    breaks: 'S3',
    world: after(2, ['cut a', 'pull a'], { ...alone, writes: 1 }),
    edits: [
      {
        file: 'reconcilers/fencing.ts',
        find: 'if (lastSeenOf(situation, from)?.refusesAlone !== true || redisDownSince === undefined) return byWatch;',
        replace: 'if (redisDownSince === undefined) return byWatch;',
      },
    ],
  },
  {
    name: 'lets a stale primary wipe the better copy',
    breaks: 'S3',
    world: after(1, ['crash']),
    edits: [
      {
        file: 'reconcilers/evidence.ts',
        find: 'return own && holdsLostData(situation, view, primary);',
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'carries a dead primary’s switchover on as one',
    breaks: 'S7',
    world: after(2, ['request', 'crash'], { amidst: 'anything' }),
    edits: [
      {
        file: 'reconcilers/lead.ts',
        find: 'continues && isPlanned(open) && analysis.reason !== Reason.PrimaryDemoted;',
        replace: 'false;',
      },
    ],
  },
  {
    name: 'copies aside what nobody lost',
    breaks: 'S8',
    world: after(1, ['crash'], { writes: 1 }),
    edits: [
      {
        file: 'reconcilers/plan.ts',
        find: 'const keep = holdsMoreThan(view, leading) ? whatKeeps(',
        replace: 'const keep = leading !== undefined ? whatKeeps(',
      },
    ],
  },
  {
    name: 'starts units under a lease that has run out',
    breaks: 'S8',
    world: after(1, ['kill'], { roots: ['failed over'], writes: 1 }),
    edits: [
      {
        file: 'controller/reconcile-pass.ts',
        find: 'if (terms !== undefined) await nodes',
        replace: 'if (false) await nodes',
      },
    ],
  },
  {
    name: 'leaves a new primary paused',
    breaks: 'S7',
    world: { events: 1, only: [], amidst: 'anything', roots: ['fresh'] },
    edits: [
      {
        file: 'controller/execute/hand-over.ts',
        find: '() => to.redis.resumeWrites(),',
        replace: '',
      },
    ],
  },
  {
    name: 'judges only the node on record for staleness',
    breaks: 'S3',
    world: after(2, ['request b', 'crash b (disk none)'], { writes: 1 }),
    edits: [
      {
        file: 'reconcilers/evidence.ts',
        find: '(currentPrimary !== name && open?.to !== name)',
        replace: 'currentPrimary !== name',
      },
    ],
  },
  {
    name: 'forgets how long nobody heard the old primary',
    breaks: 'S4',
    world: after(2, ['pause', 'pull a'], { waits: true, leaseSeconds: 0, writes: 3 }),
    edits: [{ file: 'reconcilers/candidate.ts', find: '  heardEnough,\n', replace: '' }],
  },
  {
    name: 'forgets that a replica out of sight may keep a primary going',
    breaks: 'S4',
    world: after(2, ['part a+c', 'request b'], { ...trio, waits: true, manual: true, writes: 3 }),
    edits: [
      {
        file: 'reconcilers/attendance.ts',
        find: 'if (isUnaccounted(situation, other)) return situation.now;',
        replace: '',
      },
    ],
  },
  {
    name: 'tells every loss as none',
    breaks: 'S3',
    world: after(1, ['crash a (disk full)']),
    edits: [
      {
        file: 'reconcilers/loss-estimate.ts',
        find: '  if (lost.exact) return lost;\n  const pace',
        replace:
          '  if (lost.exact) return { bytes: 0, exact: true };\n  if (lost.bytes >= 0) return { bytes: 0, exact: false };\n  const pace',
      },
    ],
  },
  {
    name: 'counts a loss by the offsets of another history',
    breaks: 'S3',
    world: after(2, ['crash a (disk full)', 'crash b (disk full)']),
    edits: [
      {
        file: 'reconcilers/counted-losses.ts',
        find: 'return (isRestarted ? progress?.promotedWith : undefined) ?? current;',
        replace: 'return current;',
      },
    ],
  },
  {
    name: 'switches off the machine of a Redis that merely crashed',
    breaks: 'S8',
    world: after(1, ['crash a (disk full)']),
    edits: [
      {
        file: 'reconcilers/fencing.ts',
        find: "if (analysis.fence === 'none') return ready([]);",
        replace:
          "if (analysis.fence === 'none') return ready(analysis.reason === 'PrimaryProcessDead' && proofOfPowerOff(situation, from) === undefined ? [{ kind: 'fence', node: from, method: 'outOfBand', epoch }] : []);",
      },
    ],
  },
  {
    name: 'stops units that do not run',
    breaks: 'S8',
    world: after(1, ['crash a (disk full)']),
    edits: [
      {
        file: 'reconcilers/plan.ts',
        find: 'promote,\n      ...stops,',
        replace:
          "promote, { kind: 'stopUnits' as const, node: to, units: situation.spec.units.map(({ name }) => name), epoch }, ...stops,",
      },
    ],
  },
  {
    name: 'forgets that a repointed node may not have it in its config file',
    breaks: 'S7',
    world: after(2, ['pull a'], { ...trio, ...alone, amidst: 'anything', writes: 1 }),
    edits: [
      {
        file: 'reconcilers/config-files.ts',
        find: "  (action.kind === 'repoint' && !action.dropClients);",
        replace: '  false;',
      },
    ],
  },
  {
    name: 'goes on in a paused group',
    breaks: 'pause',
    world: after(2, ['pause', 'crash a (disk full)']),
    edits: [
      {
        file: 'reconcilers/plan.ts',
        find: '  if (situation.spec.paused) return { actions: openWhilePaused(situation, lead.current, epoch) };\n',
        replace: '',
      },
    ],
  },
  {
    name: 'does not wait for a person where failover is Manual',
    breaks: 'mode',
    world: after(1, ['crash a (disk full)'], { manual: true }),
    edits: [
      {
        file: 'reconcilers/guards.ts',
        find: "if (spec.failover.mode === 'Automatic' || asked) return undefined;",
        replace: 'if (asked || spec.units.length > 0) return undefined;',
      },
    ],
  },
];
