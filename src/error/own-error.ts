const OWN = Symbol.for('powersync-backend-connector: own words');

/** A `TypeError` in words of this library's that quote no value: so they are shown, where those of an app's code are withheld. */
export function ownError(message: string): TypeError {
  return Object.defineProperty(new TypeError(message), OWN, { value: true });
}

/** An error whose words are shown, since what threw it never sees a row. Not those of a parser: they may quote a token. */
export function showWords(error: unknown): void {
  if (error instanceof Error && error.name !== 'SyntaxError' && Object.isExtensible(error))
    Object.defineProperty(error, OWN, { value: true });
}

export function isOwnError(error: Error): boolean {
  return OWN in error;
}
