/** Colours, or nothing where there is no terminal for them. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

const asItIs = (text: string): string => text;

export const plainPaint: Paint = {
  bold: asItIs,
  dim: asItIs,
  red: asItIs,
  green: asItIs,
  yellow: asItIs,
};

/** https://no-color.org: any value of NO_COLOR but the empty one means none. */
export async function paintFor(isTerminal: boolean, env: NodeJS.ProcessEnv): Promise<Paint> {
  if (!isTerminal || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb') return plainPaint;
  const { default: picocolors } = await import('picocolors');
  return picocolors.createColors(true);
}
