/** A request and the answer that the handler gave to it. */
export interface Example {
  readonly summary: string;
  readonly request: unknown;
  readonly status: number;
  readonly answer: unknown;
}

/**
 * The write API as an OpenAPI 3.1 document: what `wire.ts` says in TypeScript, for other languages. `scripts/openapi.ts`
 * writes it to `openapi/write-api.json`, with answers of the handler as examples.
 */
export function openApi(writes: readonly Example[], checkpoints: readonly Example[]): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'PowerSync write API',
      version: '1.0.0',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'The endpoint that a PowerSync client uploads its local writes to. Each uploaded transaction is applied in one ' +
        'database transaction, together with its idempotency key and its result.',
    },
    paths: {
      '/api/data': {
        post: {
          operationId: 'uploadWrites',
          summary: 'Apply transactions in order',
          description:
            'The answer has one result for each transaction. What is wrong with the data of a well-formed upload is a ' +
            'result, never an HTTP status: a client takes 400 for a fault of the whole request.',
          security: [{ token: [] }],
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: ref('Upload'), examples: examplesOf(writes, requestOf) },
            },
          },
          responses: {
            200: {
              description: 'One result for each transaction, in the order of the upload.',
              content: json('UploadAnswer', writes, 200),
            },
            ...problems(writes),
          },
        },
      },
      '/api/checkpoint-request': Object.fromEntries(
        ['post', 'put'].map((method) => [
          method,
          {
            operationId: `${method}CheckpointRequest`,
            summary: 'Record a checkpoint request',
            description:
              'Only for backends that apply writes after they have answered. Keeps the greatest id for each user and ' +
              'client, and never lowers it.',
            security: [{ token: [] }],
            requestBody: {
              required: true,
              content: {
                'application/json': {
                  schema: ref('CheckpointRequest'),
                  examples: examplesOf(checkpoints, requestOf),
                },
              },
            },
            responses: {
              200: {
                description: 'The greater of the stored and the sent id.',
                content: json('CheckpointRequest', checkpoints, 200),
              },
              ...problems(checkpoints),
            },
          },
        ]),
      ),
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: SCHEMAS,
    },
  };
}

const ref = (name: keyof typeof SCHEMAS) => ({ $ref: `#/components/schemas/${name}` });
const requestOf = ({ request }: Example) => request;
const answerOf = ({ answer }: Example) => answer;

function json(schema: keyof typeof SCHEMAS, examples: readonly Example[], status: number) {
  const ofStatus = examples.filter((example) => example.status === status);
  return {
    'application/json': {
      schema: ref(schema),
      ...(ofStatus.length > 0 && { examples: examplesOf(ofStatus, answerOf) }),
    },
  };
}

function examplesOf(examples: readonly Example[], read: (example: Example) => unknown) {
  return Object.fromEntries(
    examples
      .filter((example) => read(example) !== undefined)
      .map((example) => [
        example.summary.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
        { summary: example.summary, value: read(example) },
      ]),
  );
}

function problems(examples: readonly Example[]) {
  const meanings = {
    400: 'The body is not of this form. Sending it again does not help.',
    401: 'The token is missing or not valid. The client fetches a new one and sends the writes again.',
    405: 'Another method.',
    408: 'The body did not arrive in full in time.',
    413: 'The body has too many bytes. The client sends fewer transactions.',
    503: 'Any fault of the server. The client keeps the writes and tries again, after `Retry-After` seconds.',
  };
  return Object.fromEntries(
    Object.entries(meanings).map(([status, description]) => [
      status,
      {
        description,
        ...(status === '503' && {
          headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer', minimum: 0 } } },
        }),
        content: json('Problem', examples, Number(status)),
      },
    ]),
  );
}

const COLUMNS = {
  type: 'object',
  description: 'Values by column. SQLite has text, numbers and null; JSON is sent as text.',
  additionalProperties: true,
};

const SCHEMAS = {
  Upload: {
    type: 'object',
    required: ['transactions'],
    description: 'Other members are ignored, so that newer clients work.',
    properties: {
      transactions: {
        type: 'array',
        minItems: 1,
        description: 'At most 50, unless the backend accepts more.',
        items: { $ref: '#/components/schemas/Transaction' },
      },
    },
  },
  Transaction: {
    type: 'object',
    required: ['crud'],
    description: 'One local transaction. Its entries are applied together or not at all.',
    properties: {
      transaction_id: { type: 'integer' },
      idempotency_key: {
        type: 'string',
        pattern: '^[\\x21-\\x7e]{1,255}$',
        description:
          'The same for each retry. A repeat gets the answer of the first time, and is not applied again.',
      },
      judge_again: {
        type: 'boolean',
        description: 'Judge a transaction again that was refused under this key.',
      },
      crud: { type: 'array', items: { $ref: '#/components/schemas/Entry' } },
    },
  },
  Entry: {
    type: 'object',
    required: ['id', 'op', 'table'],
    properties: {
      id: { type: 'string' },
      op: {
        enum: ['PUT', 'PATCH', 'DELETE'],
        description: 'Insert or replace the row, change some of its columns, or delete it.',
      },
      table: { type: 'string' },
      op_data: { ...COLUMNS, description: `${COLUMNS.description} A DELETE has none.` },
      previous_values: {
        ...COLUMNS,
        description: 'Columns before the change, if the client tracks them.',
      },
      metadata: { type: 'string', description: 'Text that the app attached to the change.' },
    },
  },
  UploadAnswer: {
    type: 'object',
    required: ['results'],
    properties: {
      results: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/Result' } },
    },
  },
  Result: {
    oneOf: [
      {
        title: 'Applied',
        description: 'Now, or by an earlier request with the same key.',
        type: 'object',
        required: ['status'],
        properties: { status: { const: 'success' } },
      },
      {
        title: 'Not now',
        description: 'Not applied, for a reason that passes. The client keeps it and tries again.',
        type: 'object',
        required: ['status', 'message'],
        properties: {
          status: { const: 'retryable_error' },
          message: { type: 'string' },
          retry_after_ms: { type: 'number', minimum: 0 },
        },
      },
      {
        title: 'Refused',
        description: 'Never accepted as it is. With `requires_client_handling`, the app decides.',
        type: 'object',
        required: ['status', 'requires_client_handling', 'message', 'failed_operation'],
        properties: {
          status: { const: 'fatal_error' },
          requires_client_handling: { type: 'boolean' },
          message: { type: 'string' },
          failed_operation: { $ref: '#/components/schemas/FailedOperation' },
        },
      },
      {
        title: 'Not attempted',
        description: 'Behind one that was not applied. The client keeps it.',
        type: 'object',
        required: ['status'],
        properties: { status: { const: 'not_attempted' } },
      },
    ],
  },
  FailedOperation: {
    type: 'object',
    required: ['error_code', 'message'],
    properties: {
      error_code: {
        type: 'string',
        description:
          'UNAUTHORIZED, SCHEMA_MISMATCH, INVALID_DATA, NOT_NULL_VIOLATION, CHECK_VIOLATION, UNIQUE_VIOLATION, ' +
          'FOREIGN_KEY_VIOLATION, CONSTRAINT_VIOLATION, CONFLICT, KEY_REUSED, TOO_MANY_ENTRIES, or one of the app.',
      },
      message: { type: 'string' },
      details: { type: 'object', additionalProperties: true },
      operation_index: {
        type: 'integer',
        minimum: 0,
        description: 'Index in `crud`. Absent if no single entry failed.',
      },
    },
  },
  CheckpointRequest: {
    type: 'object',
    required: ['client_id', 'checkpoint_request_id'],
    properties: {
      client_id: { type: 'string', minLength: 1, maxLength: 255 },
      checkpoint_request_id: {
        type: 'string',
        pattern: '^(0|[1-9][0-9]{0,18})$',
        description: 'A whole number up to 2^63 - 1, as text.',
      },
    },
  },
  Problem: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message'],
        properties: { code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
} as const;
