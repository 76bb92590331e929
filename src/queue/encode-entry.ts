import type { CrudEntryLike } from '../database/database.ts';

/**
 * Encodes the content of an entry ({@link contentOf}) as JSON.
 *
 * The idempotency key is a hash of this text, so the format must never change. Transports of the reference write API
 * send the text itself, so that each entry is encoded once.
 */
export function encodeEntry(entry: CrudEntryLike): string {
  return JSON.stringify(contentOf(entry));
}

/** The content of an entry in the format of the reference write API, without its transaction id. */
export function contentOf({ id, op, table, opData, previousValues, metadata }: CrudEntryLike): object {
  return {
    id,
    op,
    table,
    // JSON drops undefined members; the contract doesn't allow null.
    op_data: op === 'DELETE' ? undefined : (opData ?? {}),
    previous_values: previousValues ?? undefined,
    metadata: metadata ?? undefined,
  };
}
