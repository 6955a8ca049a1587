import type { Status } from '../../crd/status.ts';
import { seamsThrough } from './effect-seam.ts';
import { openController } from './open-controller.ts';
import type { Looks } from './replayed-looks.ts';
import { ReplayedLooks } from './replayed-looks.ts';
import { passOf, RestWatch } from './rest-watch.ts';

/**
 * A controller in this process, from its start to its rest: the one that makes things ready, and the one that comes
 * after a death. `old`: what its first look brings back in place of what is so; `arrived`: what shows outside first.
 */
export async function settle(
  folder: string,
  goal: (status: Status) => boolean,
  act: { readonly old?: Looks; readonly arrived?: () => Promise<void> } = {},
): Promise<void> {
  const rest = new RestWatch();
  const looks = new ReplayedLooks(act.old);
  const seams = seamsThrough({
    effect: (_name, carryOut) => carryOut(),
    look: (witness, ask) => looks.answer(witness, ask),
  });
  const { controller, close } = openController(
    folder,
    (event) => {
      const pass = passOf(event);
      if (pass !== undefined) rest.note(pass);
    },
    seams,
  );
  try {
    await controller.start();
    await act.arrived?.();
    await rest.atRest(goal);
  } finally {
    await close();
    rest.close();
  }
}
