/** Columns of a row. */
export type Columns = Readonly<Record<string, unknown>>;

/** Replaces `{n}` in texts with a number that differs for each row, for columns with unique values. */
export function numbered(columns: Columns, n: number): Columns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replaceAll('{n}', String(n)) : value,
    ]),
  );
}

/** Returns a new value for one column: a longer text, a greater number or the other boolean. Empty if there is none. */
export function changed(row: Columns): Columns {
  const columns = Object.entries(row);
  const [name, value] =
    columns.find(([, each]) => typeof each === 'string' && !isFormatted(each)) ??
    columns.find(([, each]) => typeof each === 'number') ??
    columns.find(([, each]) => typeof each === 'boolean') ??
    columns.find(([, each]) => typeof each === 'string') ??
    [];
  if (name === undefined) return {};
  if (typeof value === 'number') return { [name]: value + 1 };
  return { [name]: typeof value === 'boolean' ? !value : `${value} (changed)` };
}

/** Returns true for a date, a UUID or the like, to which no text can be added. */
function isFormatted(text: string): boolean {
  return /^[\d\s.:+TZ-]+$/i.test(text) || /^[\da-f]{8}-[\da-f-]{27}$/i.test(text) || /^[[{]/.test(text);
}

/** Comparison of a row that was read with the row that was sent. */
export interface Comparison {
  /** Names of columns with another value. */
  readonly different: readonly string[];
  /** Names of columns that the row doesn't have, so they can't be compared. */
  readonly missing: readonly string[];
  /** Number of columns with the value that was sent. */
  readonly same: number;
}

export function compare(found: Columns, sent: Columns = {}): Comparison {
  const names = Object.keys(sent);
  const missing = names.filter((name) => !Object.hasOwn(found, name) && sent[name] != null);
  const different = names.filter((name) => !missing.includes(name) && !isSame(found[name], sent[name]));
  return { different, missing, same: names.length - missing.length - different.length };
}

/** Returns true if two values are equal, even if a database or a JSON library writes them differently. */
export function isSame(found: unknown, sent: unknown): boolean {
  const [left, right] = [found ?? null, sent ?? null];
  if (left === right || String(left) === String(right)) return true;
  if (left === null || right === null) return false;
  if (typeof left === 'boolean' || typeof right === 'boolean')
    return isNumber(left) && isNumber(right) && Number(left) === Number(right);
  if (typeof left === 'object' || typeof right === 'object')
    return JSON.stringify(asJson(left)) === JSON.stringify(asJson(right));
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  const [first, second] = [instant(left), instant(right)];
  return first !== undefined && first === second;
}

function isNumber(value: unknown): boolean {
  return typeof value === 'boolean' || (String(value).trim() !== '' && Number.isFinite(Number(value)));
}

function asJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Returns the milliseconds of a date as databases write it. A date without a time zone is UTC. */
function instant(value: unknown): number | undefined {
  const [, date, time = '00:00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i.exec(
      String(value),
    ) ?? [];
  if (date === undefined) return undefined;
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const ms = Date.parse(`${date}T${time}${offset.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : ms;
}
