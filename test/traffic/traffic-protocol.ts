import type { AckedKeys } from './acked-keys.ts';
import type { ClientSettings } from './endpoint-client.ts';
import type { Gap, Window } from './gap.ts';
import type { OnUnknown } from './writer.ts';

export interface TrafficSettings {
  /** Concurrent writers, each with a connection of its own. */
  writers: number;
  client: ClientSettings;
  onUnknown: OnUnknown;
  /** How long a writer rests after each acknowledgement, in ms; 0: not at all. */
  restMs: number;
}

/** From the parent to the writer process. The password travels here, never on a command line. */
export type TrafficRequest =
  | { kind: 'start'; settings: TrafficSettings }
  | { kind: 'whenAcked'; id: number; total: number }
  | { kind: 'report'; id: number; window: Partial<Window> }
  | { kind: 'stop'; id: number };

/** From the writer process to its parent. `id` is that of the request. */
export type TrafficReply =
  | { kind: 'acked'; id: number }
  | { kind: 'report'; id: number; report: TrafficReport }
  | { kind: 'stopped'; id: number };

/** What the writers saw within a window of monotonic time. */
export interface TrafficReport {
  window: Window;
  ackedWrites: number;
  /** Sent and never answered, over the whole run; in no one's count of acknowledged or lost writes. */
  unknownWrites: number;
  /** The longest time in which no writer at all got an acknowledgement. */
  gap: Gap;
  /** The longest time in which one writer got none, at worst. */
  slowestWriterGapMs: number;
  /** Errors by kind, over the whole run. */
  errors: Record<string, number>;
  acked: AckedKeys[];
}
