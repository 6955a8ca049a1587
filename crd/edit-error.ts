export type EditErrorCode =
  /** The text is not one valid YAML map. */
  | 'Unreadable'
  /** The value stands in a form that cannot be changed alone, such as behind a shared anchor. */
  | 'Unsupported';

export class EditError extends Error {
  readonly code: EditErrorCode;
  constructor(code: EditErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EditError';
    this.code = code;
  }
}
