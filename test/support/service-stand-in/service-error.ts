/** An error that the service answers, with the body that the service sends. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: string | undefined;

  constructor(status: number, code: string, description: string, details?: string) {
    super(description);
    this.name = status === 401 ? 'AuthorizationError' : 'ServiceError';
    this.status = status;
    this.code = code;
    this.details = details;
  }

  toBody() {
    return {
      error: {
        name: this.name,
        code: this.code,
        status: this.status,
        description: this.message,
        ...(this.details !== undefined && { details: this.details }),
      },
    };
  }
}
