import { optionChecks } from '../check-options.ts';
import { notTheContract } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { UNCLASSIFIED_BUDGET } from '../contract/read-results.ts';
import { isUploadError, UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { lookUp } from '../transport/by-table.ts';
import type { Outcome } from '../transport/outcome.ts';
import { carriesKind } from '../transport/sendable.ts';
import { codeOf, type GraphqlError, isFromDatabase, isOfField } from './error-code.ts';
import {
  failureIn,
  type GraphqlAnswer,
  type ReadAnswer,
  type Reading,
  withErrorInside,
} from './graphql-answer.ts';

/** Outcome of one entry. */
export type EntryOutcome = Exclude<Outcome, { readonly status: 'skipped' | 'not_attempted' }>;

/** The mutation that writes one entry. */
export interface EntryMutation {
  /** The GraphQL document: a constant text. Put values, ids and names of an entry into the variables, never into it. */
  readonly mutation: string;
  /** Returns the variables for an entry. `key` is the entry's idempotency key, equal on every retry. */
  readonly variables: (entry: UploadEntry, context: { readonly key: string }) => object | Promise<object>;
  /**
   * Reads the answer by your own rules. For servers that report errors in `data` (`userErrors`, `success: false`,
   * `affected_rows: 0`), or that answer null to a write that succeeded. Return an outcome or a promise of one, or
   * undefined to read it like the default. Anything else is an error (`misconfigured`), and the write stays queued.
   *
   * @default errors are read by their code; a field that is null means that the row was not found
   */
  readonly outcome?:
    | ((
        answer: GraphqlAnswer,
        entry: UploadEntry,
      ) => EntryOutcome | undefined | Promise<EntryOutcome | undefined>)
    | undefined;
}

/** The mutations of a table, one for each operation. */
export interface TableMutations {
  /** A row was inserted or replaced as a whole. The backend must treat it as an upsert, because it may come twice. */
  readonly PUT?: EntryMutation | undefined;
  /** Columns of a row were changed. */
  readonly PATCH?: EntryMutation | undefined;
  /** A row was deleted. */
  readonly DELETE?: EntryMutation | undefined;
}

/**
 * Mutations by table name or pattern (`'audit_*'`), and `default` for all other tables. Or a function that returns the
 * mutation for an entry, or a promise of it.
 */
export type Mutations =
  | Readonly<Record<string, TableMutations>>
  | ((entry: UploadEntry) => EntryMutation | undefined | Promise<EntryMutation | undefined>);

export function checkMutations(mutations: Mutations): void {
  if (typeof mutations === 'function') return;
  const { wrong, object, fn, noOthers } = optionChecks('graphql');
  for (const [table, ofTable] of Object.entries(object('mutations', mutations))) {
    const { PUT, PATCH, DELETE, ...others } = object(`mutations.${table}`, ofTable);
    noOthers(`mutations.${table}.`, others);
    for (const [op, each] of Object.entries({ PUT, PATCH, DELETE })) {
      if (each === undefined) continue;
      const name = `mutations.${table}.${op}`;
      const { mutation, variables, outcome, ...rest } = object(name, each);
      noOthers(`${name}.`, rest);
      if (typeof mutation !== 'string' || mutation === '') wrong(`${name}.mutation`, 'a text', mutation);
      fn(`${name}.variables`, variables);
      if (outcome !== undefined) fn(`${name}.outcome`, outcome);
    }
  }
}

/** The mutation for an entry, if `mutations` isn't asynchronous (see {@link chosenFor}). Throws if there is none. */
export function mutationOf(mutations: Mutations, entry: UploadEntry): EntryMutation {
  const { op, table } = entry;
  const found = (
    typeof mutations === 'function'
      ? mutations(entry)
      : lookUp(mutations, table)?.[op as keyof TableMutations]
  ) as EntryMutation | undefined;
  if (typeof found?.mutation === 'string' && typeof found.variables === 'function') return found;
  throw new UploadError(
    'misconfigured',
    `graphql() got no mutation for ${op} of the table "${table}": add one, or "default". The writes stay queued.`,
  );
}

/** The mutation for an entry. If there is none, throws an `UploadError` that names table and operation. */
export async function chosenFor(mutations: Mutations, entry: UploadEntry): Promise<EntryMutation> {
  if (typeof mutations !== 'function') return mutationOf(mutations, entry);
  const chosen = await mutations(entry);
  return mutationOf(() => chosen, entry);
}

/** The body of the request that writes an entry. */
export async function encodeEntry(
  { mutation, variables }: EntryMutation,
  entry: UploadEntry,
  key: string,
): Promise<string> {
  const values: unknown = await variables(entry, { key });
  if (isObject(values) && carriesKind(values)) return JSON.stringify({ query: mutation, variables: values });
  throw new UploadError(
    'misconfigured',
    `graphql(): variables() must return an object that JSON can hold, for ${entry.op} of the table "${entry.table}" (await ` +
      'promises inside it). The writes stay queued.',
  );
}

/** Reads an answer, with the `outcome` function of the mutation if it has one, which may be asynchronous. */
export async function readByOwnRules(
  answer: ReadAnswer,
  entry: UploadEntry,
  found: EntryMutation,
  reading: Reading,
): Promise<EntryOutcome> {
  const { data, errors } = answer;
  const said = await found.outcome?.({ data, errors }, entry);
  return readEntryAnswer(answer, entry, { ...found, outcome: found.outcome && (() => said) }, reading);
}

/** Reads the outcome of an entry from the answer to its mutation. */
export function readEntryAnswer(
  answer: ReadAnswer,
  entry: UploadEntry,
  { outcome }: EntryMutation,
  reading: Reading,
): EntryOutcome {
  const { data, errors, head } = answer;
  const said: unknown = outcome?.({ data, errors }, entry);
  if (said !== undefined) return checkOutcome(said, entry);
  if (errors.length === 0) return readData(data, entry, head.status);
  const ofFields = errors.every(isOfField);
  if (ofFields && entry.op === 'DELETE' && errors.every((each) => isGone(each, reading)))
    return { status: 'applied' };
  if (errors.some((each) => isBesideItsValue(each, data)))
    return { status: 'retry', error: withErrorInside(head) };
  return failureIn(errors, head, reading, ofFields || errors.every(isFromDatabase));
}

function checkOutcome(said: unknown, { op, table }: UploadEntry): EntryOutcome {
  const { status, error } = Object(said);
  if (status === 'applied' || ((status === 'rejected' || status === 'retry') && isUploadError(error)))
    return said as EntryOutcome;
  throw new UploadError(
    'misconfigured',
    `graphql(): outcome() must return an outcome or undefined, for ${op} of the table "${table}". The writes stay queued.`,
  );
}

function isGone(error: GraphqlError, { errorCodes }: Reading): boolean {
  return codeOf(error, errorCodes) === 'not_found';
}

/** Whether an error comes with a value: then the write may have been applied, so it must not be rejected. */
function isBesideItsValue(error: GraphqlError, data: GraphqlAnswer['data'] = {}): boolean {
  const values = isOfField(error) ? [data[error.path?.[0] ?? '']] : Object.values(data);
  return values.some((value) => value != null);
}

/**
 * Reads `data` of an answer without errors. A field that is null means that the row wasn't found. One that is false
 * means a failure, which may be an outage.
 */
function readData(data: GraphqlAnswer['data'] = {}, { op }: UploadEntry, status: number): EntryOutcome {
  const fields = Object.values(data);
  if (fields.length === 0) throw notTheContract(status, 'without the field of the mutation');
  const isMissing = fields.includes(null);
  if ((!isMissing && !fields.includes(false)) || (isMissing && op === 'DELETE')) return { status: 'applied' };
  const code = isMissing ? (op === 'PUT' ? 'conflict' : 'not_found') : 'unclassified';
  const error = new UploadError(
    code,
    `The mutation answered ${isMissing ? null : false}: no row was written.`,
    { status, budget: isMissing ? undefined : UNCLASSIFIED_BUDGET },
  );
  // A PUT always writes a row. If it answers null, the field may always be null, so the breaker counts it fully.
  return { status: 'rejected', error, inBand: isMissing && op !== 'PUT', details: { data } };
}
