import { stringify } from 'yaml';
import type { FailoverGroup } from '../../crd/failover-group.ts';
import { type ParsedGroup, parseFailoverGroup } from '../../crd/parse.ts';
import type { GroupDocument } from './base-document.ts';

/** Documents as a store takes them up: the last good one is in force, and what is wrong with a newer one is told. */
export class GroupInForce {
  readonly #known: Map<string, ParsedGroup>;
  group: FailoverGroup | undefined;
  generation = 0;
  problem: string | undefined;

  /** `known`: what was parsed before, by anybody. */
  constructor(known: Map<string, ParsedGroup>) {
    this.#known = known;
  }

  copy(): GroupInForce {
    const copy = new GroupInForce(this.#known);
    copy.group = this.group;
    copy.generation = this.generation;
    copy.problem = this.problem;
    return copy;
  }

  take(document: GroupDocument): ParsedGroup {
    const key = JSON.stringify(document);
    const parsed = this.#known.get(key) ?? parseFailoverGroup(stringify(document), 'fields.yaml');
    this.#known.set(key, parsed);
    if (parsed.ok && this.group !== parsed.group) {
      this.group = parsed.group;
      this.generation += 1;
    }
    this.problem = parsed.ok ? undefined : (parsed.problems[0]?.message ?? 'is not valid');
    return parsed;
  }
}
