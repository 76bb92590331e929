import { wordOf } from '../contract/gateway.ts';
import type { HttpAnswer } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { codesIn } from '../contract/read-results.ts';
import { type RetryBudget, UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { JsonAnswer } from './json-answer.ts';

/** Longer than a deployment takes. */
const BUDGET: RetryBudget = { attempts: 10, minMs: 900_000 };

/**
 * The error for a 404 that doesn't say what is missing. It may come from a router or gateway: the row may still
 * exist.
 */
export function mayBeMissing(answer: HttpAnswer): UploadError {
  const { status } = answer;
  const { retryAfterMs } = UploadError.fromResponse(answer);
  return new UploadError(
    'unclassified',
    `HTTP status ${status}, and the answer doesn't say what is missing: the row or the route. The write is tried for 15 ` +
      'minutes, then rejected. Let the backend send a code such as NOT_FOUND, or use isMissingRow.',
    { status, retryAfterMs, budget: BUDGET },
  );
}

/** Whether the answer says, with a code or the id, that the row of the entry is missing. */
export function saysMissing(answer: JsonAnswer, entry: UploadEntry): boolean {
  return hasMissingCode(answer.json, entry) || namesId(answer.json, entry.id);
}

/** Codes of Prisma, PostgREST and PostgreSQL for a missing row. */
const CODES: readonly unknown[] = ['P2025', 'PGRST116', 'P0002', '02000'];
/** Words for a row in codes. */
const ROWS = ['', 'row', 'record', 'document', 'entity', 'object', 'item', 'model', 'instance'];
/** Messages of routers and platforms, which use the same code when something other than a row isn't found. */
const ELSEWHERE =
  /\b(route|page|path|url|endpoint|function|procedure|method|deployment|application|service|host|domain)s?\b|\bcannot \w+ \//i;

/** Whether the answer has a code for a missing row: a general one, or one named after the table. */
export function hasMissingCode(json: unknown, { table }: UploadEntry): boolean {
  if (!isObject(json)) return false;
  const { error, errors, type, name } = json;
  const said = [json, error, Array.isArray(errors) ? errors[0] : errors];
  const isElsewhere = said.some((each) => ELSEWHERE.test(wordOf(Object(each).message)));
  return (
    codesIn(json, false).some((word) => wordMeans(word, table, !isElsewhere)) ||
    [error, type, name].some((word) => wordMeans(word, table, false))
  );
}

/** Whether a word is such a code. `alsoBare`: a plain "not found" counts too. */
function wordMeans(word: unknown, table: string, alsoBare: boolean): boolean {
  if (CODES.includes(word)) return true;
  // A text of several words isn't a code.
  const [, what] =
    /^(\S*)not[_-]?found[_-]?(error|exception)?$/.exec(wordOf(word).slice(0, 100).toLowerCase()) ?? [];
  if (what === undefined) return false;
  const thing = what.replace(/[^a-z0-9]/g, '');
  if (ROWS.includes(thing)) return thing !== '' || alsoBare;
  // `todo` of `todos`, `category` of `categories`
  const name = table.toLowerCase().replace(/[^a-z0-9]/g, '');
  return name.startsWith(thing.slice(0, -1)) && Math.abs(name.length - thing.length) <= 2;
}

/** Whether the answer contains the id: as a member of its own, or in a text, but not in a path. */
function namesId(json: unknown, id: string, name = '', depth = 0): boolean {
  if (depth > 4) return false;
  if (typeof json === 'object' && json !== null)
    return Object.entries(json).some(([key, each]) =>
      namesId(each, id, Array.isArray(json) ? name : key, depth + 1),
    );
  if (/id$|^key$|^pk$/i.test(name) && id !== '' && String(json) === id) return true;
  return typeof json === 'string' && wordsName(json.slice(0, 1_000), id);
}

/** Whether a text names the id. A short id counts only if it is marked as an id: `#7`, `'7'`, `id 7`. */
function wordsName(words: string, id: string): boolean {
  if (id === '') return false;
  for (let at = words.indexOf(id); at >= 0; at = words.indexOf(id, at + id.length)) {
    const before = words.slice(words.lastIndexOf(' ', at - 1) + 1, at); // of the same word
    const isWhole = !/[\w-]$/.test(before) && !/^[\w-]/.test(words.slice(at + id.length, at + id.length + 1));
    const isMarked =
      id.length >= 16 || /["'`#=(]$/.test(before) || /\bid:? $/i.test(words.slice(0, at).slice(-5));
    if (isWhole && isMarked && !before.includes('/')) return true;
  }
  return false;
}
