import type { Edit } from './document-edit.ts';

/** One value of a field, that the schema takes. */
export interface ValidValue {
  readonly what: string;
  readonly edit: Edit;
  /** Why the watch of a machine that is taken out after it may stay there. */
  readonly leavesWatch?: string;
  /** Why a primary that is moved, or cannot be told, when it comes may be taken for one that was made so by hand. */
  readonly isStranger?: string;
}

/** One that must be refused, and at which field. */
export interface InvalidValue {
  readonly what: string;
  readonly edit: Edit;
  readonly at: string;
  readonly says: RegExp;
}

/** What is to be tried with one field of the resource. */
export interface FieldPlan {
  /** As leafFields names it; annotations by `metadata.annotations.NAME`. */
  readonly field: string;
  readonly valid: readonly ValidValue[];
  readonly invalid: readonly InvalidValue[];
  /** The simulated world does not know it: the test on real parts that does, and what it shows. */
  readonly elsewhere?: { readonly test: string; readonly shows: string };
}
