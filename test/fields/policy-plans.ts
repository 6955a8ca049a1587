import {
  acceptDataOfAnnotation,
  confirmFencedAnnotation,
  failbackAnnotation,
  servicesAnnotation,
} from '../../crd/annotations.ts';
import { annotate, type Edit, put } from './document-edit.ts';
import type { FieldPlan, InvalidValue } from './field-plan.ts';

const day = 86_400;

/** A field of `spec` with plain values: those that are taken, and those that are not, with what is said of them. */
function plain(
  field: string,
  taken: readonly unknown[],
  refused: readonly (readonly [value: unknown, says: RegExp])[],
): FieldPlan {
  return {
    field,
    valid: taken.map((value) => ({ what: String(value), edit: put(field, value) })),
    invalid: refused.map(([value, says]) => ({
      what: JSON.stringify(value),
      edit: put(field, value),
      at: field,
      says,
    })),
  };
}

const numbers = (most: number): readonly (readonly [unknown, RegExp])[] => [
  [-1, /at least 0/],
  [most + 1, /at most/],
  ['5', /must be a/],
  [Number.NaN, /must be/],
];

const policies: readonly FieldPlan[] = [
  plain(
    'failover.mode',
    ['Manual', 'Automatic'],
    [
      ['manual', /must be/],
      [false, /must be/],
    ],
  ),
  plain('failover.unreachableAfterSeconds', [1, 6.5], numbers(day)),
  plain('failover.stoppedGraceSeconds', [0, 7], numbers(day)),
  plain('failover.maxLagBytes', [0, 5000], [...numbers(Number.MAX_SAFE_INTEGER), [1.5, /whole/]]),
  plain('failover.cooldownSeconds', [0, 40], [...numbers(30 * day), [0.5, /whole/]]),
  plain(
    'failover.fencing',
    ['BestEffort', 'Required'],
    [
      ['None', /must be/],
      [null, /must be/],
    ],
  ),
  plain('failover.leaseSeconds', [0, 9, 60], [...numbers(30 * day), [4, /at least 5/], [1, /at least 5/]]),
  plain('switchover.catchUpTimeoutSeconds', [1, 30], [...numbers(30 * day), [2.5, /whole/]]),
  plain('failback.policy', ['Automatic', 'Manual'], [['Never', /must be/]]),
  plain('failback.stableSeconds', [0, 25], [...numbers(30 * day), [0.1, /whole/]]),
  plain(
    'paused',
    [true, false],
    [
      ['yes', /must be true or false/],
      [1, /must be true or false/],
    ],
  ),
];

function annotation(
  name: string,
  taken: readonly (readonly [what: string, value: (epoch: number) => string])[],
  refused: readonly (readonly [value: string, says: RegExp])[],
): FieldPlan {
  const at = `metadata.annotations["${name}"]`;
  return {
    field: `metadata.annotations.${name}`,
    valid: taken.map(([what, value]) => ({ what, edit: annotate(name, value) })),
    invalid: refused.map(
      ([value, says]): InvalidValue => ({ what: `"${value}"`, edit: annotate(name, () => value), at, says }),
    ),
  };
}

const misspelt: Edit = annotate('understudy.dev/fail-back', () => '1');

/** Orders by annotation; in files they are checked as the spec is. */
const annotations: readonly FieldPlan[] = [
  annotation(
    failbackAnnotation,
    [
      ['for the present epoch', String],
      ['for one that is over', () => '0'],
    ],
    [
      ['soon', /must be the epoch/],
      ['-1', /must be the epoch/],
    ],
  ),
  annotation(
    confirmFencedAnnotation,
    [
      ['of c, which answers', (epoch) => `c@${epoch}`],
      ['of the primary, which answers', (epoch) => `a@${epoch}`],
      ['of the primary in an epoch that is over', () => 'a@0'],
    ],
    [
      ['c', /must be a node and the epoch/],
      ['z@1', /none of the nodes/],
    ],
  ),
  annotation(
    acceptDataOfAnnotation,
    [
      ['of b', (epoch) => `b@${epoch}`],
      ['of c in an epoch that is over', () => 'c@0'],
    ],
    [
      ['b@', /must be a node and the epoch/],
      ['z@1', /none of the nodes/],
    ],
  ),
  {
    ...annotation(
      servicesAnnotation,
      [
        ['off', () => 'off'],
        ['on', () => 'on'],
      ],
      [['no', /must be "off" or "on"/]],
    ),
    elsewhere: {
      test: 'test/kubernetes/endpoints.k8s.ts',
      shows: 'Services that are kept, and taken away, on a real API server',
    },
  },
];

/** When and how the group acts, and what it is told to do. */
export const policyPlans: readonly FieldPlan[] = [
  ...policies,
  ...annotations.map((plan, index) => (index > 0 ? plan : withMisspelt(plan))),
];

function withMisspelt(plan: FieldPlan): FieldPlan {
  const at = 'metadata.annotations["understudy.dev/fail-back"]';
  return { ...plan, invalid: [...plan.invalid, { what: 'misspelt', edit: misspelt, at, says: /not known/ }] };
}
