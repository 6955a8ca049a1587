/** One instruction of a Dockerfile, its words as they stand. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** From one FROM to the next. */
export interface ImageStage {
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile, in order. Comments and continued lines are resolved; nothing else is. */
export function stagesOf(dockerfile: string): ImageStage[] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = '', text = ''] = /^([A-Z]+) (.*)$/.exec(line.trim()) ?? [];
    if (name === '') throw new Error(`no instruction: ${line}`);
    if (name === 'FROM') stages.push({ name: / AS (\S+)/.exec(text)?.[1] ?? '', instructions: [] });
    else stages.at(-1)?.instructions.push({ name, text });
  }
  return stages;
}

/** Whether a build never sees this path of its context: the last line of .dockerignore that matches decides. */
export function ignores(dockerignore: string): (path: string) => boolean {
  const rules = dockerignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const rule of rules)
    if (rule !== '*' && /[*?[]/.test(rule)) throw new Error(`not understood here: ${rule}`);
  return (path) => {
    let ignored = false;
    for (const rule of rules) {
      const pattern = rule.replace(/^!/, '');
      if (pattern === '*' || path === pattern || path.startsWith(`${pattern}/`))
        ignored = !rule.startsWith('!');
    }
    return ignored;
  };
}
