/** Times in monotonic milliseconds. */
export interface Window {
  from: number;
  to: number;
}

export interface Gap {
  /** From the last acknowledgement before to the first after, not cut to the window; 0 if there is none. */
  gapMs: number;
  from: number;
  to: number;
  /** No acknowledgement followed: the gap is at least this long. */
  open: boolean;
}

/**
 * The longest time without an acknowledgement that touches the window. `acks` ascends. Silence at the end of the
 * window counts up to its end; silence before the first acknowledgement counts from the window's start.
 */
export function longestGap(acks: Iterable<number>, window: Window): Gap {
  let longest: Gap = { gapMs: 0, from: window.from, to: window.from, open: false };
  let previous = window.from;
  for (const ack of acks) {
    if (ack >= window.from && ack - previous > longest.gapMs) {
      longest = { gapMs: ack - previous, from: previous, to: ack, open: false };
    }
    previous = ack;
    if (ack > window.to) return longest;
  }
  if (window.to - previous > longest.gapMs) {
    longest = { gapMs: window.to - previous, from: previous, to: window.to, open: true };
  }
  return longest;
}
