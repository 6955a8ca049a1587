import type { PrimaryView, ReplicaView } from './observation.ts';

/**
 * Arithmetic on Redis replication ids. A history is one id and an offset, and the id that it continued from
 * up to `previousEndOffset` (exclusive). Offsets compare only within one id.
 * Source: redis.io/docs/latest/operate/oss_and_stack/management/replication ("Replication ID explained").
 */
export interface History {
  readonly replicationId: string;
  readonly offset: number;
  readonly previousReplicationId?: string | undefined;
  readonly previousEndOffset?: number | undefined;
}

/** Of what a server shows, its history alone. */
export const historyOf = ({
  replicationId,
  offset,
  previousReplicationId,
  previousEndOffset,
}: PrimaryView | ReplicaView): History => ({
  replicationId,
  offset,
  ...(previousReplicationId === undefined ? {} : { previousReplicationId }),
  ...(previousEndOffset === undefined ? {} : { previousEndOffset }),
});

export type Relation =
  /** Everything that the node holds, the reference holds too. */
  | { readonly kind: 'prefix'; readonly behindBytes: number }
  /** They share a past, and the node holds `extraBytes` after it that the reference never had. */
  | { readonly kind: 'diverged'; readonly extraBytes: number }
  /** No shared past can be shown. */
  | { readonly kind: 'unrelated' };

/** The last offset of the shared past, or nothing when none can be shown. */
function commonOffset(node: History, reference: History): number | undefined {
  const nodeEnd = node.previousEndOffset === undefined ? undefined : node.previousEndOffset - 1;
  const referenceEnd =
    reference.previousEndOffset === undefined ? undefined : reference.previousEndOffset - 1;
  if (node.replicationId === reference.replicationId) return Math.min(node.offset, reference.offset);
  if (reference.previousReplicationId === node.replicationId && referenceEnd !== undefined)
    return Math.min(node.offset, referenceEnd);
  if (node.previousReplicationId === reference.replicationId && nodeEnd !== undefined)
    return Math.min(nodeEnd, reference.offset);
  const samePast =
    node.previousReplicationId !== undefined &&
    node.previousReplicationId === reference.previousReplicationId;
  if (samePast && nodeEnd !== undefined && referenceEnd !== undefined) return Math.min(nodeEnd, referenceEnd);
  return undefined;
}

/** Whether the node holds more than so many bytes after their shared past that the reference never had. */
export function isAheadBy(relation: Relation, bytes: number): boolean {
  return relation.kind === 'diverged' && relation.extraBytes > bytes;
}

/** How the data of `node` stands to the data of `reference`. */
export function relate(node: History, reference: History): Relation {
  const common = commonOffset(node, reference);
  if (common === undefined) return { kind: 'unrelated' };
  const extraBytes = node.offset - common;
  return extraBytes > 0
    ? { kind: 'diverged', extraBytes }
    : { kind: 'prefix', behindBytes: Math.max(0, reference.offset - node.offset) };
}

/** Whether making `node` a replica of `primary` would destroy data that only `node` has. */
export function holdsMoreThan(node: PrimaryView | ReplicaView, primary: PrimaryView | ReplicaView): boolean {
  if (node.keys === 0) return false;
  // Whoever writes a history holds all of it: a greater offset elsewhere is of a look that came a moment later.
  if (primary.role === 'primary' && node.replicationId === primary.replicationId) return false;
  return relate(node, primary).kind !== 'prefix';
}

/** What was lost of an old primary's stream, seen from the new primary. */
export interface LostBytes {
  readonly bytes: number;
  /** False: the old process died with its count, so there may be more. */
  readonly exact: boolean;
}

/**
 * Bytes that the old primary had taken and the new one never got: exact from the old process itself while it
 * lives; otherwise from where it was last seen, moved on by what its append-only file grew since (PINGs are in
 * the stream and not in the file, so the result stays a lower bound).
 */
export function lostBytes(
  lastSeen: {
    readonly replicationId: string;
    readonly offset: number;
    readonly aofBytes?: number | undefined;
  },
  current: History,
  returned?: History & { readonly aofBytes?: number | undefined },
): LostBytes {
  const sameProcess = returned?.replicationId === lastSeen.replicationId;
  const seen = relate(
    { replicationId: lastSeen.replicationId, offset: grownOffset(lastSeen, returned) },
    current,
  );
  const own = returned === undefined ? undefined : relate(returned, current);
  const extra = (relation: Relation | undefined): number =>
    relation?.kind === 'diverged' ? relation.extraBytes : 0;
  const isTold = own !== undefined && own.kind !== 'unrelated';
  return { bytes: Math.max(extra(seen), extra(own)), exact: sameProcess && isTold };
}

function grownOffset(
  lastSeen: { readonly offset: number; readonly aofBytes?: number | undefined },
  returned?: { readonly aofBytes?: number | undefined },
): number {
  const before = lastSeen.aofBytes;
  const after = returned?.aofBytes;
  // A smaller file was rewritten meanwhile: its size says nothing.
  return before === undefined || after === undefined || after < before
    ? lastSeen.offset
    : lastSeen.offset + after - before;
}
