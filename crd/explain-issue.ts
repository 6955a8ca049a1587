import { stringify } from 'yaml';
import type { z } from 'zod';
import { nearest } from './nearest-name.ts';
import { valueAt } from './partial-check.ts';
import type { Path } from './problem.ts';
import { type SchemaField, schemaFieldAt } from './schema-field.ts';

/** One thing wrong, told to a person: where, what is so, what would be right. */
export interface Explanation {
  readonly path: Path;
  readonly message: string;
  readonly suggestion?: string;
}

interface Subject {
  readonly schema: z.core.$ZodType;
  readonly document: unknown;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
};

/** Passwords are often written where only their source belongs, so what stands there is never repeated. */
function mayShow(path: Path): boolean {
  return !path.some((key) => /(From|^auth|^config|passw)/i.test(String(key)));
}

function shown(value: unknown, path: Path): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const what =
    typeof value === 'string' ? 'the text' : typeof value === 'number' ? 'the number' : 'the value';
  if (!mayShow(path)) return `${what} that stands there (not shown)`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return `${what} ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`;
}

function exampleText(field: SchemaField | undefined): string {
  if (field?.example === undefined) return '';
  const text = stringify(field.example, {
    collectionStyle: 'flow',
    lineWidth: 0,
    flowCollectionPadding: false,
  });
  return `, for example ${text.trim()}`;
}

function missing(path: Path, subject: Subject): Explanation {
  const field = schemaFieldAt(subject.schema, path);
  const what = field?.description === undefined ? '' : ` (${field.description.replace(/\.$/, '')})`;
  return { path, message: `is missing${what}: put ${String(path.at(-1) ?? 'it')} here${exampleText(field)}` };
}

function quotedMeaning(value: unknown, expected: string): string | undefined {
  if (expected === 'boolean' && typeof value === 'string') {
    if (/^(yes|on|y|true)$/i.test(value)) return 'true';
    return /^(no|off|n|false)$/i.test(value) ? 'false' : undefined;
  }
  if (
    (expected === 'number' || expected === 'int') &&
    typeof value === 'string' &&
    /^\d+(\.\d+)?$/.test(value)
  ) {
    return String(expected === 'int' ? Math.round(Number(value)) : Number(value));
  }
  return undefined;
}

function wrongType(path: Path, expected: string, subject: Subject): Explanation {
  const value = valueAt(subject.document, ...path);
  if (value === undefined) return missing(path, subject);
  const field = schemaFieldAt(subject.schema, path);
  const wanted = typeNames[expected] ?? expected;
  const hint =
    expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')
      ? ' (put it in quotes)'
      : '';
  const suggestion = quotedMeaning(value, expected);
  const message = `must be ${wanted}${hint}, but is ${shown(value, path)}${exampleText(field)}`;
  return { path, message, ...(suggestion === undefined ? {} : { suggestion }) };
}

function limit(issue: z.core.$ZodIssue & { origin: string }, bound: number | bigint, side: string): string {
  if (issue.origin === 'string' && bound === 1) return 'must not be empty';
  if (issue.origin === 'string') return `must have ${side} ${bound} characters`;
  if (issue.origin === 'array') return `must have ${side} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  return `must be ${side} ${bound}`;
}

function outOfRange(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, subject: Subject): Explanation {
  const [bound, side] = issue.code === 'too_small' ? [issue.minimum, 'at least'] : [issue.maximum, 'at most'];
  const value = valueAt(subject.document, ...issue.path);
  const size = Array.isArray(value) ? `has ${value.length}` : `is ${shown(value, issue.path)}`;
  return { path: issue.path, message: `${limit(issue, bound, side)}, but ${size}` };
}

function notAllowed(issue: z.core.$ZodIssueInvalidValue, subject: Subject): Explanation {
  const value = valueAt(subject.document, ...issue.path);
  if (value === undefined) return missing(issue.path, subject);
  const allowed = issue.values.map(String);
  const suggestion = typeof value === 'string' ? nearest(value, allowed) : undefined;
  const message = `must be ${allowed.join(' or ')}, but is ${shown(value, issue.path)}`;
  return { path: issue.path, message, ...(suggestion === undefined ? {} : { suggestion }) };
}

function unknownFields(issue: z.core.$ZodIssueUnrecognizedKeys, subject: Subject): readonly Explanation[] {
  const field = schemaFieldAt(subject.schema, issue.path);
  return issue.keys.map((key) => {
    const suggestion = nearest(key, field?.names ?? []);
    const message = `is not a field here; known are ${(field?.namesToShow ?? []).join(', ')}`;
    return { path: [...issue.path, key], message, ...(suggestion === undefined ? {} : { suggestion }) };
  });
}

function noneOfUnion(issue: z.core.$ZodIssueInvalidUnion, subject: Subject): Explanation {
  const value = valueAt(subject.document, ...issue.path);
  const closer = issue.errors.flat().find((error) => error.code !== 'invalid_type');
  if (closer !== undefined) return { path: issue.path, message: closer.message };
  return {
    path: issue.path,
    message: `must be a text, a number or true or false, but is ${shown(value, issue.path)}`,
  };
}

function formatMessage(issue: z.core.$ZodIssue, subject: Subject): Explanation {
  const value = valueAt(subject.document, ...issue.path);
  return { path: issue.path, message: `${issue.message}, but is ${shown(value, issue.path)}` };
}

/** Tells one finding of zod in words. Unknown fields found together come apart, since each has a line of its own. */
export function explainIssue(issue: z.core.$ZodIssue, subject: Subject): readonly Explanation[] {
  switch (issue.code) {
    case 'invalid_type':
      return [wrongType(issue.path, issue.expected, subject)];
    case 'too_small':
    case 'too_big':
      return [outOfRange(issue, subject)];
    case 'invalid_value':
      return [notAllowed(issue, subject)];
    case 'unrecognized_keys':
      return unknownFields(issue, subject);
    case 'invalid_union':
      return [noneOfUnion(issue, subject)];
    case 'invalid_format':
      return [formatMessage(issue, subject)];
    case 'custom': {
      const suggestion: unknown = issue.params?.suggestion;
      return [
        {
          path: issue.path,
          message: issue.message,
          ...(typeof suggestion === 'string' ? { suggestion } : {}),
        },
      ];
    }
    default:
      return [{ path: issue.path, message: issue.message }];
  }
}
