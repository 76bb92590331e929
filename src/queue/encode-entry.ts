import type { CrudEntryLike } from '../database/database.ts';

/**
 * What an entry says, as JSON: {@link contentOf}.
 *
 * The idempotency key is a hash of this text, so it must never change. Transports that speak in these words send the text
 * itself, so that each entry is encoded once.
 */
export function encodeEntry(entry: CrudEntryLike): string {
  return JSON.stringify(contentOf(entry));
}

/** What an entry says, in the words of the reference write API, without its transaction id. */
export function contentOf({ id, op, table, opData, previousValues, metadata }: CrudEntryLike): object {
  return {
    id,
    op,
    table,
    // Undefined members vanish in JSON; the contract allows none to be null.
    op_data: op === 'DELETE' ? undefined : (opData ?? {}),
    previous_values: previousValues ?? undefined,
    metadata: metadata ?? undefined,
  };
}
