export async function startUnit(directory: string, name: string): Promise<void> {
  throw new Error(`no supervisor yet for ${name} in ${directory}`);
}
