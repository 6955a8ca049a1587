import { annotationFaults } from './annotations.ts';
import { type Explanation, explainIssue } from './explain-issue.ts';
import { type FailoverGroup, failoverGroupSchema } from './failover-group.ts';
import { listAt, valueAt } from './partial-check.ts';
import { formatPath, type Problem, sortProblems } from './problem.ts';
import { readYaml } from './yaml-source.ts';

export { formatProblem } from './problem.ts';

export type ParsedGroup =
  | { readonly ok: true; readonly group: FailoverGroup }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Checked =
  | { readonly ok: true; readonly group: FailoverGroup }
  | { readonly ok: false; readonly explanations: readonly Explanation[] };

function check(document: unknown): Checked {
  const result = failoverGroupSchema.safeParse(document);
  if (result.success) return { ok: true, group: result.data };
  const subject = { schema: failoverGroupSchema, document };
  return { ok: false, explanations: result.error.issues.flatMap((issue) => explainIssue(issue, subject)) };
}

function annotationExplanations(document: unknown): readonly Explanation[] {
  const annotations = valueAt(document, 'metadata', 'annotations');
  if (typeof annotations !== 'object' || annotations === null) return [];
  const texts = Object.entries(annotations).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const nodes = listAt(document, 'spec', 'nodes').flatMap((node) => {
    const name = valueAt(node, 'name');
    return typeof name === 'string' ? [name] : [];
  });
  return annotationFaults(Object.fromEntries(texts), [...new Set(nodes)]).map((fault) => ({
    ...fault,
    path: ['metadata', 'annotations', ...fault.path],
  }));
}

/**
 * Reads one group from the text of a YAML file. All that is wrong with it is told at once, from top to bottom.
 * `file` is only for the messages. Never throws.
 */
export function parseFailoverGroup(text: string, file: string): ParsedGroup {
  const reading = readYaml(text);
  if (!reading.ok) {
    return {
      ok: false,
      problems: sortProblems(reading.faults.map((fault) => ({ file, path: '', ...fault }))),
    };
  }
  const { value, locate } = reading.source;
  const checked = check(value);
  const explanations = [...(checked.ok ? [] : checked.explanations), ...annotationExplanations(value)];
  if (checked.ok && explanations.length === 0) return checked;
  const problems = explanations.map(({ path, ...rest }) => ({
    file,
    ...locate(path),
    path: formatPath(path),
    ...rest,
  }));
  return { ok: false, problems: sortProblems(problems) };
}

/**
 * Checks an object that came from an API server. Annotations that the controller cannot read are let through
 * (their readers tell what is wrong), since Kubernetes does not check them on writing. Never throws.
 */
export function validateFailoverGroup(value: unknown): ParsedGroup {
  const checked = check(value);
  if (checked.ok) return checked;
  const problems = checked.explanations.map(({ path, ...rest }) => ({
    file: '',
    line: 0,
    column: 0,
    path: formatPath(path),
    ...rest,
  }));
  return { ok: false, problems: sortProblems(problems) };
}
