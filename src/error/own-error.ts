/** Marks what this library says itself. Of the registry of symbols, so that all copies of the package know it. */
export const OWN = Symbol.for('powersync-backend-connector: own words');

/**
 * A `TypeError` with a message of this library that quotes no value. It is shown; messages of the app's code aren't.
 */
export function ownError(message: string): TypeError {
  return Object.defineProperty(new TypeError(message), OWN, { value: true });
}

/**
 * Marks an error of code that never sees a row, so that its message is shown. Not a parser's error: its message may
 * quote a token.
 */
export function showWords(error: unknown): void {
  if (
    error instanceof Error &&
    error.name !== 'SyntaxError' &&
    !isOwnError(error) &&
    Object.isExtensible(error)
  )
    Object.defineProperty(error, OWN, { value: true });
}

export function isOwnError(error: Error): boolean {
  return OWN in error;
}

/**
 * Whether the class of this or another copy of the package, or a subclass, made it. Their prototype has the name as its
 * mark.
 */
export function isOwnUploadError(value: unknown): boolean {
  return Object(value)[OWN] === 'UploadError';
}
