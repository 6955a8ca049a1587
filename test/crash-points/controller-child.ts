import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import type { Between } from './effect-seam.ts';
import { seamsThrough } from './effect-seam.ts';
import { openController } from './open-controller.ts';
import { ReplayedLooks } from './replayed-looks.ts';
import type { Order, Report } from './reports.ts';
import { passOf } from './rest-watch.ts';

/** The controller that is killed: a process of its own, which nothing of it survives. */
function run(folder: string): void {
  // Written before anything else happens, unlike what goes through a stream.
  const report = (what: Report): void => void writeSync(1, `${JSON.stringify(what)}\n`);
  const looks = new ReplayedLooks();
  let order: Order = {};
  let turns = 0;
  const occurrences = new Map<string, number>();
  let gate: Promise<void> = Promise.resolve();
  let open = (): void => undefined;
  const underWay = new Set<Promise<unknown>>();
  const between: Between = {
    effect: async (name, act) => {
      const seen = looks.last;
      turns += 1;
      const turn = turns;
      const occurrence = (occurrences.get(name) ?? 0) + 1;
      occurrences.set(name, occurrence);
      const id = { name, occurrence };
      const answer = await act();
      report({ kind: 'effect', id, turn, outcome: answer.kind, looks: seen });
      if (isDeepStrictEqual(id, order.killAfter)) {
        process.kill(process.pid, 'SIGKILL');
        for (;;); // not one step further, however long the signal takes
      }
      if (isDeepStrictEqual(id, order.replayAfter)) looks.replay(seen);
      return answer;
    },
    look: async (witness, ask) => {
      await gate;
      const answer = looks.answer(witness, ask);
      underWay.add(answer);
      return answer.finally(() => underWay.delete(answer));
    },
  };
  const tell = (event: Parameters<Parameters<typeof openController>[1]>[0]): void => {
    const pass = passOf(event);
    if (pass !== undefined) report({ kind: 'pass', pass });
  };
  const { controller, close } = openController(folder, tell, seamsThrough(between));
  const carryOut = async (line: string): Promise<void> => {
    const command = JSON.parse(line) as Order & { readonly run: string };
    switch (command.run) {
      case 'start':
        order = command;
        return controller.start();
      case 'hold':
        gate = new Promise((resolve) => {
          open = resolve;
        });
        await Promise.all(underWay);
        return report({ kind: 'held' });
      case 'goOn':
        return open();
      case 'stop':
        await close();
        return process.exit(0);
    }
  };
  createInterface(process.stdin)
    .on('line', (line) => void carryOut(line))
    // Whoever drives this is gone.
    .on('close', () => process.exit(0));
}

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('usage: controller-child.ts FOLDER');
run(folder);
