import type { ModelScope } from '../model-state.ts';

/** A planner or an executor with one fault built in: exact texts of a file, each there once, and what they become. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
  /** Where it is looked for, when one event anywhere does not bring it to light. */
  readonly world?: Partial<ModelScope>;
}

const one = (name: string, file: string, find: string, replace: string): Mutant => ({
  name,
  edits: [{ file, find, replace }],
});

export const mutants: readonly Mutant[] = [
  {
    name: 'promotes before it demotes',
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
  one(
    'hands over without waiting for the replica',
    'reconcilers/hand-over.ts',
    'position.replicationId === target.replicationId && position.offset >= target.offset;',
    'position !== undefined;',
  ),
  one(
    'reads an unknown demotion as done',
    'reconcilers/hand-over.ts',
    "if (reply.kind === 'done') return go(state, 'promote');",
    "if (reply.kind !== 'refused') return go(state, 'promote');",
  ),
  one(
    'drops the rollback',
    'reconcilers/hand-over.ts',
    "HandOverStep => go({ ...state, end }, 'rollBack');",
    'HandOverStep => finish(state, end);',
  ),
  one(
    'does not pause the writers',
    'controller/execute/hand-over.ts',
    'return located(await node.redis.pauseWrites(command.milliseconds));',
    'return located(await node.redis.position());',
  ),
  one(
    'drops the lag guard',
    'reconcilers/candidate.ts',
    'if (behind <= situation.spec.failover.maxLagBytes) return undefined;',
    'if (behind >= 0) return undefined;',
  ),
  {
    name: 'promotes a node in mid-sync',
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
    edits: [
      {
        file: 'reconcilers/evidence.ts',
        find: "return witnesses.includes(true) ? 'up' : 'down';",
        replace: "return 'down';",
      },
    ],
  },
  one(
    'forgets to move the epoch on',
    'reconcilers/transition.ts',
    'epoch: highestEpoch(situation) + 1,\n    fromEpoch',
    'epoch: highestEpoch(situation),\n    fromEpoch',
  ),
  {
    name: 'reads an unknown outcome as done',
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
  one(
    'takes a silent host for one that is off',
    'reconcilers/fencing.ts',
    'if (active === undefined) return proofOfFence(situation, name);',
    "if (active === undefined) return 'PoweredOff';",
  ),
  one('records after it acted', 'reconcilers/reconcile.ts', '[...write, ...acts]', '[...acts, ...write]'),
  one(
    'skips the copy of diverged data',
    'reconcilers/plan.ts',
    "if (keep && observed(situation, node).host.state === 'answers')\n      actions.push",
    'if (false)\n      actions.push',
  ),
  one('skips the cooldown', 'reconcilers/guards.ts', '= [modeAllows, hasCooledDown];', '= [modeAllows];'),
  one(
    'believes in the end of a lease too early',
    'reconcilers/lease.ts',
    'const endingMs = leaseTimes.lookMs + leaseTimes.stopDeadlineMs + leaseTimes.killMs;',
    'const endingMs = 0;',
  ),
  one(
    'forgets that a watch carries on beside a replica',
    'reconcilers/lease.ts',
    'if (at === undefined || alone === undefined) return undefined;\n  return Math.max(0, Math.max(at, alone + leaseTimes.acknowledgedMs)',
    'if (at === undefined) return undefined;\n  return Math.max(0, Math.max(at, (alone ?? 0) + leaseTimes.acknowledgedMs)',
  ),
  one(
    'trusts a fence on record after the node was back',
    'reconcilers/fencing.ts',
    "if (host.state === 'answers' || answering(situation, name) !== undefined) return undefined;",
    '',
  ),
  one(
    'promotes without a fence',
    'reconcilers/fencing.ts',
    "if (analysis.fence === 'none') return ready([]);",
    'if (analysis !== undefined) return ready([]);',
  ),
  one(
    'takes every silent primary for one that refuses writes',
    'reconcilers/fencing.ts',
    'if (seen?.refusesAlone !== true || redisDownSince === undefined) return byWatch;',
    'if (redisDownSince === undefined) return byWatch;',
  ),
  one(
    'does not write down what a former process left unwritten',
    'reconcilers/leftovers.ts',
    "persist: unwritten.map((node) => ({ kind: 'persistRole', node, epoch })),",
    'persist: [],',
  ),
  one(
    'lets a stale primary wipe the better copy',
    'reconcilers/evidence.ts',
    'return own && holdsLostData(situation, view, primary);',
    'return false;',
  ),
  one(
    'carries a dead primary’s switchover on as one',
    'reconcilers/lead.ts',
    'continues && isPlanned(open) && analysis.reason !== Reason.PrimaryDemoted;',
    'false;',
  ),
];
