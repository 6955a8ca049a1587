/** A deliberate break of production code: the text of one file, as it is and as it shall be. */
export interface Break {
  readonly name: string;
  /** The end of the file's path. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The rules that it breaks, or another verdict: who finds something else has not found it. */
  readonly foundAs: readonly string[];
}

/** Breaks that the simulator must find. */
export const breaks: readonly Break[] = [
  {
    name: 'units are started without the proof that they are stopped elsewhere',
    file: '/reconcilers/fencing.ts',
    from: 'else if (!mayBeAssumedStopped(situation, other)) unproved.push(other);',
    to: 'else proofs.push({ node: other, proof: "LeaseExpired" });',
    foundAs: ['S1'],
  },
  {
    name: 'a handover does not wait until the replica has everything',
    file: '/reconcilers/hand-over.ts',
    from: 'position.offset >= target.offset;',
    to: 'position.offset >= 0;',
    foundAs: ['S2'],
  },
  {
    name: 'diverged data is not copied aside',
    file: '/reconcilers/plan.ts',
    from: 'const keep = holdsMoreThan(view, leading) ? whatKeeps(situation, node, primary, epoch) : undefined;',
    to: 'const keep = undefined as ReturnType<typeof whatKeeps>;',
    foundAs: ['S3'],
  },
  {
    name: 'a former primary is demoted without a second look at what it took',
    file: '/controller/execute/roles.ts',
    from: 'if (heldTo === undefined) return done;',
    to: 'if (heldTo !== -1) return done;',
    foundAs: ['S3'],
  },
  {
    name: 'the dead-man bound forgets how long the watch may take',
    file: '/reconcilers/lease.ts',
    from: 'const endingMs = leaseTimes.lookMs + leaseTimes.stopDeadlineMs + leaseTimes.killMs;',
    to: 'const endingMs = 0;',
    foundAs: ['S1'],
  },
  {
    name: 'silence is taken for death while a replica hears the primary',
    file: '/reconcilers/analysis.ts',
    from: "reason: Reason.PrimaryNotAnswering,\n    port: [...gone, ...mute],\n    host: 'any',\n    links: ['up'],\n    until: 'unreachableAfterSeconds',\n    verdict: 'wait',",
    to: "reason: Reason.PrimaryNotAnswering,\n    port: [...gone, ...mute],\n    host: 'any',\n    links: ['up'],\n    verdict: 'dead',\n    fence: 'none',",
    foundAs: ['S5', 'overlap'],
  },
  {
    name: 'a planned change that was only begun is taken for done',
    file: '/reconcilers/expected-primary.ts',
    from: 'if (planned) return !leadsStill && progressOf(situation)?.handedOver === true;',
    to: 'if (planned) return true;',
    foundAs: ['S5', 'overlap'],
  },
  {
    name: 'an action throws what it must not throw',
    file: '/controller/execute/roles.ts',
    from: 'return open;\n  // It may',
    to: "return open;\n  throw new TypeError('promoted of undefined');\n  // It may",
    foundAs: ['crash'],
  },
  {
    name: 'former primaries are left to themselves',
    file: '/reconcilers/plan.ts',
    from: '...start.actions,\n    ...replicas.actions,',
    to: '...start.actions,',
    foundAs: ['notConverged'],
  },
  {
    name: 'a candidate may lack any number of writes',
    file: '/reconcilers/candidate.ts',
    from: 'if (!isAheadBy(relation, situation.spec.failover.maxLagBytes)) return undefined;',
    to: 'if (relation !== undefined) return undefined;',
    foundAs: ['S4'],
  },
  {
    name: 'a candidate may have heard nothing for any time',
    file: '/reconcilers/candidate.ts',
    from: 'if (unheardMs(situation, name, from) <= tolerated) return undefined;',
    to: 'if (tolerated >= 0) return undefined;',
    foundAs: ['S4'],
  },
  {
    name: 'a primary that hangs is not stopped',
    file: '/reconcilers/analysis.ts',
    from: "after: 'unreachableAfterSeconds',\n    fence: 'stopRedis',\n    message: 'Its process is there and does not answer, neither",
    to: "after: 'unreachableAfterSeconds',\n    fence: 'none',\n    message: 'Its process is there and does not answer, neither",
    foundAs: ['overlap'],
  },
  {
    name: 'a loss is told as none',
    file: '/reconcilers/loss-estimate.ts',
    from: 'if (lost.exact) return lost;',
    to: 'return { bytes: 0, exact: true };',
    foundAs: ['S3'],
  },
];
