import { setFlagsFromString } from 'node:v8';

// A small young generation, before anything is loaded: it is 18 MB less for a process that runs for months.
setFlagsFromString('--semi-space-growth-factor=1');
// And an old one of at most 1.4 times what lives in it: with a thousand groups it is 300 MB less.
setFlagsFromString('--heap-growing-percent=40');
const [{ runProgram }, { processTerminal }] = await Promise.all([
  import('./command-line/program.ts'),
  import('./command-line/terminal.ts'),
]);
const terminal = await processTerminal();
const code = await runProgram(process.argv.slice(2), terminal);
await terminal.drain();
// Held connections and watches of a command that ended early must not keep it from ending.
process.exit(code);
