import type { UploadedEntry } from './wire.ts';
import { WriteRefused } from './write-refused.ts';

/** Deeper than any row that an app writes, and far from the end of the stack. */
const MAX_DEPTH = 100;

/**
 * Refuses text that databases store as something else or not at all: NUL, and half of a surrogate pair. Refuses values
 * that are nested too deep to be worked on.
 *
 * @throws WriteRefused INVALID_DATA
 */
export function checkStorable(entry: UploadedEntry): void {
  const { id, table, op_data, previous_values, metadata } = entry;
  checkValue([id, table, op_data, previous_values, metadata], MAX_DEPTH);
}

function checkValue(value: unknown, depthLeft: number): void {
  if (typeof value === 'string') {
    if (value.includes('\0'))
      throw new WriteRefused('INVALID_DATA', "Text with a NUL character can't be stored");
    if (!value.isWellFormed())
      throw new WriteRefused('INVALID_DATA', "Text with half of a surrogate pair can't be stored");
  } else if (typeof value === 'object' && value !== null) {
    if (depthLeft === 0)
      throw new WriteRefused('INVALID_DATA', `A value is nested more than ${MAX_DEPTH} levels deep`);
    for (const [name, member] of Object.entries(value)) {
      checkValue(name, depthLeft);
      checkValue(member, depthLeft - 1);
    }
  }
}

/** The entries with what {@link checkStorable} refuses replaced, so that the refusal itself can be stored. */
export function asStorable(entries: readonly UploadedEntry[]): readonly UploadedEntry[] {
  return entries.map((entry) => storable(entry, MAX_DEPTH) as UploadedEntry);
}

function storable(value: unknown, depthLeft: number): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '\ufffd').toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (depthLeft === 0) return null;
  if (Array.isArray(value)) return value.map((member) => storable(member, depthLeft - 1));
  const members = Object.entries(value).map(([name, member]) => [
    storable(name, depthLeft),
    storable(member, depthLeft - 1),
  ]);
  return Object.fromEntries(members);
}
