import { PlayedWorld } from './played-world.ts';
import type { FromWorld, ToWorld } from './world-messages.ts';

const tell = (message: FromWorld): void => void process.send?.(message);

let world: PlayedWorld | undefined;

async function take(message: ToWorld): Promise<void> {
  switch (message.kind) {
    case 'play':
      world = await PlayedWorld.make(message.pairs, message.password, (pair, ms) =>
        tell({ kind: 'promoted', pair, ms }),
      );
      tell({ kind: 'playing', ports: world.ports });
      break;
    case 'kill':
      for (const pair of message.pairs)
        if (world !== undefined) tell({ kind: 'died', pair, ...world.killPrimary(pair) });
      break;
    case 'count':
      tell({ kind: 'counted', changes: world?.changes ?? 0 });
      break;
  }
}

process.on('message', (message: ToWorld) => void take(message));
process.on('disconnect', () => process.exit());
