/** A fault of a transform, in words that quote no value: so they are shown, where those of an app's code are withheld. */
export class TransformError extends TypeError {
  override readonly name = 'TransformError';
}
