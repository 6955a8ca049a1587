import { createHash } from 'node:crypto';
import { apiGroup, kind } from '../../crd/failover-group.ts';
import type { News } from '../../reconcilers/news.ts';

/** The FailoverGroup that an Event is about. */
export interface ObjectRef {
  readonly namespace: string;
  readonly name: string;
  /** `kubectl describe` finds the Events of an object by it. */
  readonly uid: string;
}

interface EventTerms {
  readonly name: string;
  readonly ref: ObjectRef;
  readonly news: News;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
}

/** What core/v1 allows in `message` (k8s.io/kubernetes/pkg/apis/core/validation/events.go: NoteLengthLimit). */
const longestMessage = 1_024;
const longestName = 253;

/** A core/v1 Event as client-go makes it. Timestamps have seconds: that is what metav1.Time keeps. */
export function eventObject(event: EventTerms, by: { component: string; instance: string }): object {
  const { name, ref, news, firstAt, lastAt, count } = event;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: ref.namespace },
    involvedObject: { apiVersion: `${apiGroup}/v1alpha1`, kind, ...ref },
    type: news.type,
    reason: news.reason,
    message: shortened(news.message),
    count,
    firstTimestamp: new Date(firstAt).toISOString(),
    lastTimestamp: new Date(lastAt).toISOString(),
    source: { component: by.component, host: by.instance },
    reportingComponent: by.component,
    reportingInstance: by.instance.slice(0, 128),
  };
}

/** `NAME.HEX`, as client-go names them: in the order of time within one object. */
export function eventName(group: string, stamp: bigint): string {
  const end = `.${stamp.toString(16)}`;
  if (group.length + end.length <= longestName) return group + end;
  const hash = createHash('sha256').update(group).digest('hex').slice(0, 8);
  const cut = group.slice(0, longestName - end.length - hash.length - 1).replace(/[^a-z0-9]+$/, '');
  return `${cut}-${hash}${end}`;
}

/** At most 1,024 bytes, not cut within a character. */
function shortened(message: string): string {
  if (Buffer.byteLength(message) <= longestMessage) return message;
  const end = '…';
  const bytes = Buffer.from(message).subarray(0, longestMessage - Buffer.byteLength(end));
  return bytes.toString('utf8').replace(/\uFFFD+$/, '') + end;
}
