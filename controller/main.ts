import { runProgram } from './command-line/program.ts';
import { processTerminal } from './command-line/terminal.ts';

const terminal = await processTerminal();
const code = await runProgram(process.argv.slice(2), terminal);
await terminal.drain();
// Units that the local host started run on by themselves and must not hold this process.
process.exit(code);
