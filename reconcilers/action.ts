import type { FencingProof, Status } from '../crd/status.ts';
import type { History } from './replication-history.ts';

/** A unit may start only with one of these for every other node. */
export interface ProvedStopped {
  readonly node: string;
  readonly proof: FencingProof;
}

/**
 * The few things the controller can do. Each carries the epoch it is done under; a node that has seen a
 * higher one refuses. Each is idempotent: done twice it changes nothing more.
 */
export type Action =
  /** Write status before anything irreversible: after a crash this is all that is known. */
  | {
      readonly kind: 'record';
      readonly status: Status;
      /** A change begins with it, or is taken over. */
      readonly opens?: boolean;
    }
  | {
      readonly kind: 'handOver';
      readonly from: string;
      readonly to: string;
      readonly epoch: number;
      /** The replication id that the old primary was looked at with: another one is of another process of it. */
      readonly history?: string;
      /** How long writes may stand still, and the bound of the whole: catchUpTimeoutSeconds. */
      readonly budgetMs: number;
    }
  | {
      readonly kind: 'promote';
      readonly node: string;
      /** It is being made to copy a poorer data set and still holds the better one: end the copying. */
      readonly rescue: boolean;
      /** The old primary did not answer: a candidate that hears it now proves that it lives, and is not promoted. */
      readonly unheard?: boolean;
      /** What it was seen to hold, and is promoted for: of another history, or less of it, it holds that no more. */
      readonly held?: History;
      readonly epoch: number;
    }
  | {
      readonly kind: 'repoint';
      readonly node: string;
      readonly to: string;
      /** It was a primary: its paused writers are released and its clients sent away. */
      readonly dropClients: boolean;
      /** Up to where it was seen to hold data of a history that `to` does not write: more than that is not given up unseen. */
      readonly heldTo?: number;
      /** Before `to` is promoted: the old primary, which is silent, shall get no replica back. One that hears it now proves that it lives. */
      readonly ahead?: boolean;
      /** It was paused while its data was copied: a paused replica takes nothing from its primary (seen on Redis 7.0). */
      readonly resume?: boolean;
      readonly epoch: number;
    }
  | {
      readonly kind: 'startUnits';
      readonly node: string;
      readonly units: readonly string[];
      readonly epoch: number;
      readonly proofs: readonly ProvedStopped[];
    }
  | {
      readonly kind: 'stopUnits';
      readonly node: string;
      readonly units: readonly string[];
      readonly epoch: number;
    }
  | {
      readonly kind: 'fence';
      readonly node: string;
      /** How: stop Redis over its own host, or have another machine switch it off. */
      readonly method: 'stopRedis' | 'outOfBand';
      readonly epoch: number;
    }
  /** Starts the Redis that a fence of ours stopped: it comes back to be judged and made a replica. */
  | { readonly kind: 'startRedis'; readonly node: string; readonly epoch: number }
  /** Writes the role into the node's config file: last of all, since it holds the server for an fsync. */
  | { readonly kind: 'persistRole'; readonly node: string; readonly epoch: number }
  | { readonly kind: 'preserve'; readonly node: string; readonly epoch: number }
  | {
      readonly kind: 'applyConfig';
      readonly node: string;
      readonly settings: Readonly<Record<string, string>>;
      /** Also the login that it uses as a replica: masterauth and masteruser, which no plan ever shows. */
      readonly replicationLogin: boolean;
      readonly epoch: number;
    }
  /** accept: the group's password beside the one before; retire: alone. The secret itself stays in the adapter. */
  | {
      readonly kind: 'rotatePassword';
      readonly node: string;
      readonly stage: 'accept' | 'retire';
      readonly epoch: number;
    };

/** What came of an action. `unknown` (a timeout, a lost connection) is never read as either of the others. */
export type Outcome =
  | { readonly kind: 'done'; readonly detail?: Readonly<Record<string, string | number>> }
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly reason: string; readonly message: string };
