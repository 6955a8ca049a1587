interface Appointment {
  due: number;
  readonly order: number;
  readonly call: () => void;
  /** The loop's own timer: it may be put off while nothing happens. */
  readonly isProbe: boolean;
  cancelled: boolean;
}

/** A point from which all simulated time counts (2026-01-01, ms). */
const beginning = 1_767_225_600_000;

/** Simulated time: a queue of appointments. Nothing else moves the clock. */
export class SimTime {
  now = beginning;
  /** When the last of what was held back on its way arrives. */
  lastUnderWay = beginning;
  readonly #heap: Appointment[] = [];
  #orders = 0;

  at(due: number, call: () => void, isProbe = false): () => void {
    const appointment = {
      due: Math.max(due, this.now),
      order: this.#orders,
      call,
      isProbe,
      cancelled: false,
    };
    this.#orders += 1;
    this.#push(appointment);
    return () => {
      appointment.cancelled = true;
    };
  }

  after(milliseconds: number, call: () => void, isProbe = false): () => void {
    return this.at(this.now + milliseconds, call, isProbe);
  }

  /** Something that was sent arrives so much (ms) late. */
  underWay(milliseconds: number): void {
    this.lastUnderWay = Math.max(this.lastUnderWay, this.now + milliseconds);
  }

  /** Takes the next appointment off the queue; undefined when there is none. */
  next(): Appointment | undefined {
    for (;;) {
      const first = this.#pop();
      if (first === undefined || !first.cancelled) return first;
    }
  }

  /** When the next appointment is, if any. */
  peek(): number | undefined {
    while (this.#heap[0]?.cancelled === true) this.#pop();
    return this.#heap[0]?.due;
  }

  postpone(appointment: Appointment, milliseconds: number): void {
    appointment.due += milliseconds;
    this.#push(appointment);
  }

  #push(item: Appointment): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up];
      if (above === undefined || !isBefore(item, above)) break;
      heap[at] = above;
      at = up;
    }
    heap[at] = item;
  }

  #pop(): Appointment | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const least = isRight ? right : left;
      if (least === undefined || !isBefore(least, last)) break;
      heap[at] = least;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: Appointment, b: Appointment): boolean =>
  a.due < b.due || (a.due === b.due && a.order < b.order);
