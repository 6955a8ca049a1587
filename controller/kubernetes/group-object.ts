import { apiGroup, type FailoverGroup } from '../../crd/failover-group.ts';
import { validateFailoverGroup } from '../../crd/parse.ts';
import type { Status } from '../../crd/status.ts';
import { statusSchema } from '../../crd/status.ts';
import type { KubeObject } from './kube-access.ts';

/** Keeps an object from vanishing before its nodes were rid of leases. */
export const finalizer = `${apiGroup}/leases`;

/** What one object of the API says. */
export interface GroupObject {
  readonly uid: string;
  readonly generation: number;
  readonly version: string;
  readonly status: Status;
  readonly finalizers: readonly string[];
  readonly deleting: boolean;
  readonly document:
    | { readonly ok: true; readonly group: FailoverGroup }
    | { readonly ok: false; readonly problem: string };
  /** What its status holds is not ours: another version's, or edited by hand. */
  readonly statusProblem?: string;
}

/** What of the metadata is the group's; the server's own book-keeping changes with its versions. */
const metadataKept = ['name', 'namespace', 'labels', 'annotations', 'generation', 'uid'] as const;

/** Reads an object as the API server delivers it. Never throws. */
export function readGroupObject(object: KubeObject): GroupObject {
  const { metadata, status, apiVersion, kind, spec } = object;
  const kept = Object.fromEntries(
    metadataKept.flatMap((name) => (metadata[name] === undefined ? [] : [[name, metadata[name]]])),
  );
  const parsed = validateFailoverGroup({ apiVersion, kind, spec, metadata: kept });
  const finalizers = Array.isArray(metadata.finalizers) ? metadata.finalizers.map(String) : [];
  const read = statusSchema.safeParse(status ?? {});
  const faults = read.success ? [] : read.error.issues.map((issue) => issue.path.join('.'));
  return {
    uid: String(metadata.uid ?? ''),
    generation: typeof metadata.generation === 'number' ? metadata.generation : 0,
    version: metadata.resourceVersion ?? '',
    status: read.success ? read.data : {},
    finalizers,
    deleting: typeof metadata.deletionTimestamp === 'string',
    document: parsed.ok
      ? parsed
      : {
          ok: false,
          problem: parsed.problems.map(({ path, message }) => `${path} ${message}`).join('\n'),
        },
    ...(read.success
      ? {}
      : {
          statusProblem: `status could not be understood (${faults.join(', ')}): what it recorded (the epoch, who leads) is looked up anew.`,
        }),
  };
}
