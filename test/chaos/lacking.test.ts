import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkHistory, type Verdict } from './check-history.ts';
import { lackingOf } from './lacking.ts';
import type { DoneFault } from './mayhem.ts';
import type { ChaosResult } from './run-chaos.ts';
import { summaryOf } from './summary.ts';

const nothing = checkHistory({
  acked: [],
  missing: new Set(),
  transitions: [],
  probes: [],
  copies: [],
  untold: [],
  botRuns: [],
  faults: [],
  spoilt: [],
  rejoined: [],
  wallOffsetMs: 0,
});

const fault: DoneFault = { words: 'a, bot killed', kind: 'bot killed', from: 0, to: 1 };

/** A run with so many of each. */
function had(
  { faults, failed = 0, ...verdict }: { faults: number; failed?: number } & Partial<Verdict>,
  change: Partial<ChaosResult> = {},
): ChaosResult {
  return {
    folder: '/nowhere',
    began: 0,
    nodes: 2,
    faults: Array.from({ length: faults + failed }, (_, at) =>
      at < faults ? fault : { ...fault, failure: 'nobody was struck' },
    ),
    answers: [],
    deaths: [],
    convergence: { converged: true, seconds: 5 },
    lastStatus: '',
    astray: [],
    verdict: { ...nothing, ...verdict },
    ...change,
  };
}

/** What the leanest runs of a minute and of ten have had, and more than is asked for. */
const ofOne = { faults: 15, ackedWrites: 10_000, switchovers: 1, failovers: 0 };
const ofTen = { faults: 170, ackedWrites: 150_000, switchovers: 30, failovers: 13 };

test('a run that had faults, changes and writes enough for its length lacks nothing', () => {
  assert.deepEqual(lackingOf(had(ofOne), 1), []);
  assert.deepEqual(lackingOf(had(ofTen), 10), []);
});

test('a run that had too little of anything for its length is not well, in words', () => {
  const told = (result: ChaosResult, minutes: number): string => lackingOf(result, minutes).join('; ');
  assert.match(told(had({ faults: 0 }), 1), /only 0 faults .* 0 writes .* 0 changes of primary/);
  assert.match(told(had(ofOne), 10), /only 15 faults took place: 80 are the least in 10 minutes/);
  assert.match(told(had({ ...ofTen, ackedWrites: 0 }), 10), /^only 0 writes were acknowledged/);
  assert.match(told(had({ ...ofTen, switchovers: 4 }), 10), /^only 4 planned moves took place: 5 are/);
  assert.match(told(had({ ...ofTen, failovers: 0 }), 10), /^only 0 failovers took place/);
  assert.match(told(had({ ...ofOne, switchovers: 0 }), 1), /^only 0 changes of primary/);
});

test('a fault that struck nobody does not count', () => {
  const result = had({ ...ofTen, faults: 79, failed: 91 });
  assert.match(lackingOf(result, 10).join(), /only 79 faults took place/);
  const { json } = summaryOf(result, { seed: 1, minutes: 10, lacking: [] });
  assert.equal((json as { faults: number }).faults, 79);
});

test('what is astray at the end, no rest and a dead controller are told', () => {
  const why = { converged: false, seconds: 120, why: 'not all is well' };
  const result = had(ofTen, { convergence: why, deaths: ['1'], astray: ['two lead'] });
  assert.equal(lackingOf(result, 10).length, 3);
  const { json } = summaryOf(result, { seed: 1, minutes: 10, lacking: lackingOf(result, 10) });
  assert.equal((json as { ok: boolean }).ok, false);
  assert.equal((json as { converged: boolean }).converged, false);
});
