import { z } from 'zod';
import { checkAcross } from './partial-check.ts';

/*
 * The small formats that fields are made of. Everything here ends up in an argument list, a file or a
 * connection, so the sets of characters are closed ones; no look-aheads, since Kubernetes matches with RE2.
 */

export const dnsLabel = z
  .string()
  .max(63)
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    'must be lower-case letters, digits and hyphens, beginning and ending with a letter or digit',
  );

export const dnsSubdomain = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    'must be lower-case letters, digits, hyphens and dots, each part beginning and ending with a letter or digit',
  );

/** A name that systemd accepts and can start: no template without its instance, nothing that reads as an option. */
export const unitName = z
  .string()
  .max(255)
  .regex(
    /^[A-Za-z0-9_]([A-Za-z0-9:_.\\@-]*[A-Za-z0-9:_.\\-])?\.service$/,
    'must be a systemd unit name that ends with .service: letters, digits and : _ . \\ @ - only, no spaces',
  );

// Either a name or IPv4 address (no colon), or an IPv6 address (at least two colons).
const hostPattern =
  /^([A-Za-z0-9_][A-Za-z0-9._-]*|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9._-]+)?)$/;
const ipv4Pattern = /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.|$)){4}$/;

export const host = checkAcross(
  z
    .string()
    .max(253)
    .regex(hostPattern, 'must be a host name or an IP address, without a port, spaces or other characters'),
  (value) =>
    typeof value === 'string' && /^[0-9.]+$/.test(value) && !ipv4Pattern.test(value)
      ? [{ path: [], message: 'is not an IPv4 address: that has four numbers from 0 to 255' }]
      : [],
).meta({ example: '10.92.3.27' });

/** Not z.int(): its findings keep the checks over several fields from running. */
const wholeNumber = checkAcross(z.number(), (value) =>
  typeof value === 'number' && !Number.isSafeInteger(value)
    ? [{ path: [], message: `must be a whole number, but is ${value}` }]
    : [],
).meta({ type: 'integer' });

export const port = wholeNumber.min(1).max(65535);

export const absolutePath = z
  .string()
  .max(4096)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  .regex(/^\/[^\x00-\x1f\x7f]*$/, 'must be an absolute path, beginning with /');

export const userName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'must be a login name: letters, digits and _ . - only')
  .meta({ example: 'root' });

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const linePattern = /^[^\x00-\x1f\x7f]*$/;
const lineMaxLength = 4096;

/** One line without control characters: safe to put into a configuration file or an argument list. */
export const plainLine = z
  .string()
  .max(lineMaxLength)
  .regex(linePattern, 'must be one line without control characters');

/** The same for a schema that takes a number as well, in the words of Kubernetes: they hold for texts alone. */
export const plainLineOrInteger = {
  'x-kubernetes-int-or-string': true,
  maxLength: lineMaxLength,
  pattern: linePattern.source,
} as const;

const daySeconds = 86_400;
/** Whole seconds. */
export const wholeSeconds = wholeNumber.min(0).max(30 * daySeconds);
/** Seconds, fractions allowed: for the waits that a person tunes below a second. */
export const seconds = z.number().min(0).max(daySeconds);
export const bytes = wholeNumber.min(0).max(Number.MAX_SAFE_INTEGER);
