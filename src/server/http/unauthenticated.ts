/** The request has no valid token. The client fetches a new one and sends the writes again. */
export class Unauthenticated extends Error {
  constructor(message = 'The token is missing or not valid', options?: ErrorOptions) {
    super(message, options);
    this.name = 'Unauthenticated';
  }
}
