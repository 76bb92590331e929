import type { CrudEntryLike } from '../../../src/database/database.ts';
import type { DatabaseFile, RejectedRow } from '../database.ts';
import type { Ledger } from '../ledger.ts';
import type { Server } from '../server.ts';
import { markerOf } from './requests.ts';
import type { Violations } from './violations.ts';

/** P1: no write is both applied and listed as rejected, unless its row says that it may be applied. */
export function checkRejected(
  row: RejectedRow,
  ledger: Ledger,
  server: Server,
  violations: Violations,
): void {
  if (row.may_be_applied) return;
  const applied = new Set(JSON.parse(row.applied_entries) as number[]);
  for (const [index, entry] of (JSON.parse(row.entries) as CrudEntryLike[]).entries()) {
    const marker = markerOf(entry);
    if (applied.has(index) || !server.hasApplied(marker, entry.opData?.n)) continue;
    const { wasForgotten, mayBeLost } = ledger.find(marker) ?? {};
    const isCleared = mayBeLost && row.state !== 'rejected'; // listRejected() removes it
    if (!wasForgotten && !isCleared)
      violations.add(`P1: ${marker} is listed as ${row.state}, but took effect`);
  }
}

/** P8, P1: each refused transaction is applied later or recorded once. */
export function checkRecordedOnce(file: DatabaseFile, violations: Violations): void {
  const seen = new Map<string, string>();
  for (const { key, entries } of file.rejected()) {
    const marker = markerOf((JSON.parse(entries) as CrudEntryLike[])[0]);
    if (seen.has(marker)) violations.add(`P1: ${marker} is recorded twice: ${seen.get(marker)} and ${key}`);
    seen.set(marker, key);
  }
}
