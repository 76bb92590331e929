import type { CrudEntryLike } from '../../../src/database/database.ts';
import type { DatabaseFile, Handle } from '../database.ts';
import type { Server } from '../server.ts';
import { markerOf, recordedMarkers } from './requests.ts';
import type { Violations } from './violations.ts';

/** P1: a write that leaves the queue was applied, or it was refused and is recorded. */
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
 * P2: no completion is stale. The SDK has no completion that checks the queue. So there is one excuse: between the last
 * look at the queue and the SDK's `complete()`, the app itself removed entries, or (without locks) another tab did.
 *
 * @param byOthers The file's `removals` when somebody else last removed entries.
 */
export function checkStale(by: Handle, byOthers: number, violations: Violations): void {
  if (by.seenRemovals === by.file.removals)
    violations.add('P2: a stale completion was made, although the queue had not changed since the last look');
  else if (by.seenRemovals >= byOthers) violations.add('P2: a stale completion was made');
}
