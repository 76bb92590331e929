import { canonicalJson } from './database/client-values.ts';
import type { UploadedEntry } from './wire.ts';

/** SHA-256 of the entries, in hex. The same for a repeat, whatever the order of the columns in its JSON. */
export async function contentHash(entries: readonly UploadedEntry[]): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonicalJson(entries)));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
