/** One thing that is wrong with a document. Line and column count from 1; 0 when there is no text to point at. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Such as `spec.nodes[1].redis.port`; empty for the document as a whole. */
  readonly path: string;
  /** What is so and what would be right. Never the value of a secret. */
  readonly message: string;
  /** A name or value that was probably meant. */
  readonly suggestion?: string;
}

export type Path = readonly PropertyKey[];

/** `spec.nodes[1].redis.port`, `metadata.annotations["understudy.dev/failback"]` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = String(key);
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

/** `group.yaml:12:7 spec.nodes[1].redis.port: must be …; did you mean "…"?` */
export function formatProblem(problem: Problem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  const meant = problem.suggestion === undefined ? '' : `; did you mean "${problem.suggestion}"?`;
  const subject = problem.path === '' ? '' : ` ${problem.path}`;
  return `${place}${subject}: ${problem.message}${meant}`.trimStart();
}

/** Top to bottom, as a person goes through the file. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (a, b) => a.line - b.line || a.column - b.column || (a.path < b.path ? -1 : Number(a.path > b.path)),
  );
}
