import { isSuccess, notTheContract, refusalOf } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { refusalByCode, UNCLASSIFIED_BUDGET } from '../contract/read-results.ts';
import { defaultVerdict, type UploadErrorCode } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import { batchEndpoint } from '../http/batch-endpoint.ts';
import type { HttpOptions } from '../http/http-client.ts';
import type { JsonAnswer } from '../http/json-answer.ts';
import { readRefusal } from '../http/refusal-in-body.ts';
import { type RowOutcome, rowEndpoints } from '../http/row-endpoints.ts';
import { joinUrl } from '../http/row-path.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Transport, UploadBatch } from '../transport/transport.ts';
import { codeFromFailureText } from './failure-text.ts';
import { prepareEntries } from './prepare-entries.ts';
import { UNKNOWN_CAUSE } from './row-or-backend.ts';

/** How a published backend answers. */
interface Answers {
  readonly path: string;
  /** Whether a 200 is this backend's answer to an applied write. Not called if the answer holds an error. */
  readonly isApplied: (answer: JsonAnswer) => boolean;
  /**
   * The error text of an answer that may mean an outage or a bad write; null if there is no text. Undefined if the
   * status of the answer is clear.
   */
  readonly words?: ((answer: JsonAnswer) => unknown) | undefined;
  /** Reads an error that is no text. */
  readonly codeOf?: ((said: unknown) => UploadErrorCode | undefined) | undefined;
}

/** A backend that accepts a whole transaction in one request. */
export interface BatchContract extends Answers {
  /** @default the body of `batchEndpoint()` */
  readonly encode?: ((batch: UploadBatch) => unknown) | undefined;
  /** Throws for an entry that the backend never accepts. */
  readonly check?: ((entry: UploadEntry) => void) | undefined;
  /** The setting of the backend that limits the size of a body. */
  readonly limit?: string | undefined;
}

/** The limit of backends that read bodies with Express' defaults: 100 kB. */
export const LIMIT_OF_EXPRESS = 'express.json()';

/** A backend that accepts one operation per request, with the operation as method. */
export interface RowContract extends Answers {
  readonly body: (entry: UploadEntry) => unknown;
  /**
   * Whether a 404 means that the row of a DELETE is gone.
   *
   * @default never
   */
  readonly isGone?: ((answer: JsonAnswer) => boolean) | undefined;
}

/** Makes the transport for a backend that accepts batches. */
export function batchTransport(
  url: string,
  options: HttpOptions & { maxTransactions?: number | undefined; maxBodyBytes?: number | undefined },
  { path, encode, check, limit, ...answers }: BatchContract,
): Transport {
  const transport = batchEndpoint({
    ...options,
    url: joinUrl(url, path),
    encode,
    decode(answer, { transactions }) {
      const outcome = limit && answer.status === 413 ? tooLarge(limit) : readAnswer(answer, answers);
      if (outcome?.status === 'applied') return transactions.map(() => outcome);
      if (!outcome) return undefined;
      // An error that isn't about a single transaction is thrown.
      if (transactions.length > 1 || !isRefusal(outcome.error)) throw outcome.error;
      return [outcome];
    },
  });
  return prepareEntries(transport, check);
}

/** Makes the transport for a backend that accepts operations. */
export function rowTransport(
  url: string,
  http: HttpOptions,
  { path, body, isGone, ...answers }: RowContract,
): Transport {
  return rowEndpoints({
    ...http,
    url,
    routes: { default: (entry) => ({ method: entry.op, path, body: body(entry) }) },
    decode(answer, { op }) {
      const { status } = answer;
      if (status !== 404 && status !== 410) return readAnswer(answer, answers);
      // All rows have the same route, so a 404 is usually about the route.
      return op === 'DELETE' && isGone?.(answer)
        ? { status: 'applied' }
        : { status: 'retry', error: refusalOf(answer), inBand: false };
    },
  });
}

/** The backend would take the transaction if it had another setting, so the error names it. */
function tooLarge(limit: string): RowOutcome {
  const error = new UploadError(
    'too_large',
    `The body is larger than the backend allows. Raise the limit of ${limit} there, then call retryRejected().`,
    { status: 413 },
  );
  return { status: 'rejected', error, inBand: false };
}

const FAILED = 'The backend failed to apply the write.';

function readAnswer(
  answer: JsonAnswer,
  { isApplied, words, codeOf }: Omit<Answers, 'path'>,
): RowOutcome | undefined {
  const { status, json } = answer;
  const inBand = isSuccess(answer);
  const refusal = inBand ? readRefusal(answer, {}) : undefined;
  // None of them answers an applied write with another 2xx.
  if (status === 200 && !refusal && isApplied(answer)) return { status: 'applied' };
  const said = words?.(answer);
  if (said !== undefined) {
    const isText = typeof said === 'string';
    const text = isText ? said.replace(/^Request failed: */, '').trim() : '';
    const code = isText ? codeFromFailureText(text) : codeOf?.(said);
    // An object says something only to a preset that can read it: a driver's error becomes one without its words.
    const saysNothing = text === '' && !(codeOf && Object.keys(Object(said)).length > 0);
    const budget = saysNothing ? UNKNOWN_CAUSE : UNCLASSIFIED_BUDGET;
    const byCode = inBand ? refusal?.error : refusalByCode(answer, json);
    const error = code
      ? new UploadError(code, FAILED, { status })
      : (byCode ?? new UploadError('unclassified', FAILED, { status, budget }));
    return { status: 'rejected', error, details: json, inBand };
  }
  if (refusal) return { status: 'rejected', ...refusal, details: json };
  if (inBand) throw notTheContract(status, "not this backend's");
  return undefined;
}

function isRefusal({ code }: UploadError): boolean {
  return ['reject', 'ambiguous'].includes(defaultVerdict(code));
}

/** Reads the error text from a member of the JSON object, in answers with this status. */
export function wordsIn(inStatus: number, member: string): (answer: JsonAnswer) => unknown {
  return ({ status, json }) => (status === inStatus && isObject(json) ? (json[member] ?? null) : undefined);
}

/** Encodes a batch as one list of entries, and nothing else. */
export function encodeAs(list: string, data: string): (batch: UploadBatch) => object {
  return ({ transactions }) => ({
    [list]: transactions.flatMap(({ entries }) =>
      entries.map(({ op, table, id, opData }) => ({
        op,
        table,
        id,
        [data]: op === 'DELETE' ? undefined : (opData ?? {}),
      })),
    ),
  });
}

/** Whether the answer reports an applied operation: "PUT completed for lists 1". */
export function saysCompleted({ json }: JsonAnswer): boolean {
  return /^(PUT|PATCH|DELETE) completed for /.test(json?.message);
}

/** `{ table, data }` with the id inside `data`. */
export function operation({ table, id, opData }: UploadEntry, columns: object = { ...opData }): object {
  return { table, data: { ...columns, id } };
}
