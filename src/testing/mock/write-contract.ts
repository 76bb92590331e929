import { isObject } from '../../contract/json.ts';
import { json, message } from './answers.ts';
import type { MockContract, MockEntry, MockRequest, MockResult, MockTransaction } from './contract.ts';

/** Largest body that the reference backend accepts. */
export const MAX_BYTES = 102_400;

/** The reference write API. */
export function writeApiContract(who: string): MockContract {
  return {
    who,
    unit: 'transaction',
    refusal: message,
    read(request) {
      const problem = problemWith(request);
      if (problem) return problem;
      const { body } = request;
      const read = readTransactions(isObject(body) ? body.transactions : undefined);
      return typeof read === 'string' ? message(400, `request/body/${read}`) : read;
    },
    answer: ({ results }) => json(200, { results: results.map(writeResult) }),
    miscount: ({ results }) => json(200, { results: results.slice(1).map(writeResult) }),
  };
}

/** Checks the method and content type of a request. Returns a refusal if they are wrong. */
export function problemWith({ method, headers }: MockRequest) {
  if (method !== 'POST') return message(404, `Cannot ${method} here`);
  return headers['content-type']?.includes('json')
    ? undefined
    : message(400, 'content-type must be application/json');
}

/** Reads transactions in the form of the reference write API. Returns an error message if they are wrong. */
export function readTransactions(list: unknown, { max = 50 } = {}): MockTransaction[] | string {
  if (!Array.isArray(list)) return 'transactions must be an array';
  if (list.length === 0 || list.length > max) return `transactions must have 1 to ${max} items`;
  const read: MockTransaction[] = [];
  for (const [index, each] of list.entries()) {
    const transaction = readTransaction(each);
    if (typeof transaction === 'string') return `transactions/${index}${transaction}`;
    read.push(transaction);
  }
  return read;
}

/** Reads one transaction. Returns an error message if it is wrong. */
export function readTransaction(value: unknown): MockTransaction | string {
  if (!isObject(value)) return ' must be an object';
  const { transaction_id: transactionId, idempotency_key: key, crud } = value;
  if (!isMissingOr(transactionId, Number.isInteger)) return '/transaction_id must be an integer';
  if (!Array.isArray(crud)) return '/crud must be an array';
  const entries: MockEntry[] = [];
  for (const [index, each] of crud.entries()) {
    const entry = readEntry(each);
    if (typeof entry === 'string') return `/crud/${index}${entry}`;
    entries.push(entry);
  }
  return {
    ...(typeof key === 'string' && { key }),
    ...(transactionId !== undefined && { transactionId: transactionId as number }),
    entries,
  };
}

const OPS: readonly unknown[] = ['PUT', 'PATCH', 'DELETE'];

function readEntry(value: unknown): MockEntry | string {
  if (!isObject(value)) return ' must be an object';
  const { id, op, table, transaction_id, op_data: opData, previous_values: previousValues, metadata } = value;
  if (typeof id !== 'string') return '/id must be a string';
  if (!OPS.includes(op)) return '/op must be PUT, PATCH or DELETE';
  if (typeof table !== 'string') return '/table must be a string';
  // Null members are refused, as by the schema of the reference write API.
  if (!isMissingOr(transaction_id, Number.isInteger)) return '/transaction_id must be an integer';
  if (!isMissingOr(opData, isObject)) return '/op_data must be an object';
  if (!isMissingOr(previousValues, isObject)) return '/previous_values must be an object';
  if (!isMissingOr(metadata, (text) => typeof text === 'string')) return '/metadata must be a string';
  return {
    op: op as MockEntry['op'],
    table,
    id,
    ...(opData !== undefined && { opData: opData as Record<string, unknown> }),
    ...(previousValues !== undefined && { previousValues: previousValues as Record<string, unknown> }),
    ...(metadata !== undefined && { metadata: metadata as string }),
  };
}

function isMissingOr(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}

/** Makes a result in the form of the reference write API. */
export function writeResult(result: MockResult): object {
  switch (result.status) {
    case 'applied':
      return { status: 'success' };
    case 'not_attempted':
      return { status: 'not_attempted' };
    case 'retry':
      return { status: 'retryable_error', message: 'Try again.', retry_after_ms: result.retryAfterMs };
    case 'rejected': {
      const { code, message, details, needsDecision = false } = result.rejection;
      return {
        status: 'fatal_error',
        requires_client_handling: needsDecision,
        message,
        failed_operation: { error_code: code, message, details, operation_index: result.entryIndex },
      };
    }
  }
}
