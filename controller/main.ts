import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';

if (process.env.X_SEMI) setFlagsFromString(process.env.X_SEMI);
if (process.env.X_CACHE) enableCompileCache(process.env.X_CACHE);
const { runProgram } = await import('./command-line/program.ts');
const { processTerminal } = await import('./command-line/terminal.ts');

const terminal = await processTerminal();
const code = await runProgram(process.argv.slice(2), terminal);
await terminal.drain();
// Units that the local host started run on by themselves and must not hold this process.
process.exit(code);
