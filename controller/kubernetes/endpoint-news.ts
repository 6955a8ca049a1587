import { servicesAnnotation } from '../../crd/annotations.ts';
import type { News } from '../../reconcilers/news.ts';
import { Reason } from '../../reconcilers/reasons.ts';
import type { KeptEvent } from './kept-object.ts';
import type { ServiceNames } from './service-name.ts';

/** What is wrong with the addresses of a host, or nothing. `usable`: those of them that an endpoint may have. */
export function hostNews(
  host: string,
  { failed, ips, usable }: { failed: boolean; ips: readonly string[]; usable: readonly string[] },
): News | undefined {
  if (failed) {
    const kept = ips.length === 0 ? 'no endpoint has it' : `its last addresses are kept (${ips.join(', ')})`;
    const message = `${host} cannot be resolved here: ${kept}. Give the node an IP address, or a name that the cluster's DNS knows.`;
    return { type: 'Warning', reason: Reason.HostUnresolved, message };
  }
  if (usable.length > 0) return undefined;
  const message = `${host} (${ips.join(', ')}) means another machine in every pod, and Kubernetes takes no such endpoint: clients in the cluster do not find that node.`;
  return { type: 'Warning', reason: Reason.HostNotPublishable, message };
}

/** What keeps the object with that id from being as it shall be, or nothing. */
export function objectNews(id: string, event: Exclude<KeptEvent, { kind: 'written' }>): News | undefined {
  if (event.kind === 'well') return undefined;
  if (event.kind === 'taken') {
    const message = `There is a ${id} that does not belong to this group: it is left alone, and clients do not find this group by it. Delete or rename it, or set the annotation ${servicesAnnotation}: "off".`;
    return { type: 'Warning', reason: Reason.ServiceNameTaken, message };
  }
  const message =
    event.kind === 'newer'
      ? `${id} was written in epoch ${event.epoch}, which is above the group's own: it is left alone. If nobody else looks after this group (its status was restored from a backup, say), delete that object and it is made anew.`
      : `${id} could not be written: ${event.fault.message}`;
  return { type: 'Warning', reason: Reason.EndpointsNotWritten, message };
}

/** Who looks for NAME-primary shall find out what it is called instead. */
export function nameNews({ primary, replicas }: ServiceNames): News {
  const message = `The name of the group makes no name of a Service: its Services are ${primary} and ${replicas}.`;
  return { type: 'Normal', reason: Reason.ServiceNameShortened, message };
}
