import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectGroup } from '../../controller/controller.ts';
import type { HostPort } from '../../controller/ports/host.ts';
import type { Outcome } from '../../reconcilers/action.ts';

/** As long as this file is there, the machine of the node does not answer. */
export const awayFile = (folder: string, node: string): string => join(folder, node, 'away');

/** A folder always answers: what makes a machine of it that may not is put before it here. */
export function withMachinesAway(folder: string, connect: ConnectGroup): ConnectGroup {
  return async (group) =>
    (await connect(group)).map((node) => {
      const { name, host } = node;
      return host === undefined
        ? node
        : { ...node, host: awayHost(host, () => existsSync(awayFile(folder, name))) };
    });
}

function awayHost(inner: HostPort, isAway: () => boolean): HostPort {
  const message = 'The machine does not answer.';
  const lost = { kind: 'unknown', reason: 'OutcomeUnknown', message } as const satisfies Outcome;
  return {
    observe: async (lease) => (isAway() ? { state: 'silent' } : inner.observe(lease)),
    startUnits: async (units, epoch) => (isAway() ? lost : inner.startUnits(units, epoch)),
    stopUnits: async (units, epoch) => (isAway() ? lost : inner.stopUnits(units, epoch)),
    stopRedis: async (epoch) => (isAway() ? lost : inner.stopRedis(epoch)),
    startRedis: async (epoch) => (isAway() ? lost : inner.startRedis(epoch)),
    copyAside: async (path, epoch, keep) => (isAway() ? lost : inner.copyAside(path, epoch, keep)),
    onChange: (listener) => inner.onChange(listener),
    close: () => inner.close(),
  };
}
