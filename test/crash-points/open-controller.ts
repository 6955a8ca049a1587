import { join } from 'node:path';
import { connectGroups } from '../../controller/connect-group.ts';
import type { ConnectGroup, ControllerEvent } from '../../controller/controller.ts';
import { Controller } from '../../controller/controller.ts';
import { FileSecrets } from '../../controller/file-secrets.ts';
import { FileStore } from '../../controller/file-store/file-store.ts';
import { monotonicClock } from '../../controller/monotonic-clock.ts';
import type { StorePort } from '../../controller/ports/store.ts';
import { withMachinesAway } from './away-host.ts';

const commandTimeoutMs = 2_000;
const probeMs = 50;

export interface Seams {
  readonly store: (store: StorePort) => StorePort;
  readonly connect: (connect: ConnectGroup) => ConnectGroup;
}

const asTheyAre: Seams = { store: (store) => store, connect: (connect) => connect };

/** The controller as `understudy run` puts it together, with something between it and its ports if need be. */
export function openController(
  folder: string,
  tell: (event: ControllerEvent) => void,
  seams: Seams = asTheyAre,
): { controller: Controller; close: () => Promise<void> } {
  const secrets = new FileSecrets({ folder, env: {} });
  const connect = connectGroups({ secrets, commandTimeoutMs, connectionPrefix: 'understudy' });
  const controller = new Controller({
    store: seams.store(new FileStore(join(folder, 'group.yaml'))),
    secrets,
    connect: seams.connect(withMachinesAway(folder, connect)),
    clock: monotonicClock(),
    commandTimeoutMs,
    probeMs,
    tell,
  });
  const close = async (): Promise<void> => {
    await controller.stop();
    secrets.close();
  };
  return { controller, close };
}
