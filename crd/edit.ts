import { setYamlValue } from './yaml-edit.ts';

export { EditError } from './edit-error.ts';

/**
 * Edits of a group's file, text to text: comments, order, quoting, indentation and line ends stay as they are.
 * The text must be one that parseFailoverGroup accepts; what cannot be edited safely throws EditError.
 */

/** Asks for a switchover to `node`. */
export function setSpecPrimary(text: string, node: string): string {
  return setYamlValue(text, ['spec', 'primary'], node);
}

export function setPaused(text: string, paused: boolean): string {
  return setYamlValue(text, ['spec', 'paused'], paused);
}

/** Sets `metadata.annotations[key]`; the value is always written as text, quoted where it could be read otherwise. */
export function setAnnotation(text: string, key: string, value: string): string {
  return setYamlValue(text, ['metadata', 'annotations', key], value);
}
