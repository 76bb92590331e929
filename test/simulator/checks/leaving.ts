import type { CrudEntryLike } from '../../../src/database/database.ts';
import type { DatabaseFile, Handle } from '../database.ts';
import type { Server } from '../server.ts';
import { markerOf, recordedMarkers } from './requests.ts';
import type { Violations } from './violations.ts';

/** P1: whatever leaves the queue was applied, or refused and written down. */
export function checkLeaving(
  entries: readonly CrudEntryLike[],
  file: DatabaseFile,
  server: Server,
  violations: Violations,
): void {
  for (const marker of new Set(entries.map(markerOf))) {
    if (server.hasAppliedAll(marker)) continue;
    if (!recordedMarkers(file).has(marker)) violations.add(`P1: ${marker} left the queue without proof`);
    if (!server.refused.has(marker)) violations.add(`P1: ${marker} was rejected, but never refused`);
  }
}

/**
 * P2: no completion is stale. Excused is only what lies between the last look at the queue and the SDK's `complete()`,
 * and there only another tab where there are no locks, or the app itself: the SDK has no completion that checks.
 *
 * @param byOthers The file's `removals` when somebody else removed entries last.
 */
export function checkStale(by: Handle, byOthers: number, violations: Violations): void {
  if (by.seenRemovals === by.file.removals)
    violations.add('P2: a stale completion was made: the queue had been looked at, and was as it is');
  else if (by.seenRemovals >= byOthers) violations.add('P2: a stale completion was made');
}
