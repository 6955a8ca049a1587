import { createHash } from 'node:crypto';

/** What the Services of a group are called. */
export interface ServiceNames {
  readonly primary: string;
  readonly replicas: string;
  /** The name of the group is not part of them as it stands. */
  readonly shortened: boolean;
}

/** A Service's name is a DNS label (RFC 1035) of at most 63 characters; both suffixes have nine. */
const longestStem = 63 - '-replicas'.length;
const hashLength = 8;

/**
 * `NAME-primary` and `NAME-replicas`. No two groups of a namespace share one: the suffix tells which of the two it
 * is, and what stands before it is the group's name. One that is too long, begins with a digit or has dots gives
 * way to what is left of it and a hash of the whole.
 */
export function serviceNames(group: string): ServiceNames {
  const fits = group.length <= longestStem && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(group);
  const stem = fits ? group : shortenedStem(group);
  return { primary: `${stem}-primary`, replicas: `${stem}-replicas`, shortened: !fits };
}

function shortenedStem(group: string): string {
  const hash = createHash('sha256').update(group).digest('hex').slice(0, hashLength);
  const plain = group.replace(/[^a-z0-9-]/g, '-').replace(/^(?![a-z])/, 'fg-');
  return `${plain.slice(0, longestStem - hashLength - 1).replace(/-+$/, '')}-${hash}`;
}
