import { inspect } from 'node:util';

const redacted = '[redacted]';

/** A password or key that no log, error, status or inspection shows. Only `reveal` gives it out. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself: hand it straight to the library that needs it. */
  reveal(): string {
    return this.#value;
  }

  /** Takes the value out of a text that somebody else wrote, such as a server's error message. */
  redact(text: string): string {
    return this.#value === '' ? text : text.replaceAll(this.#value, redacted);
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
