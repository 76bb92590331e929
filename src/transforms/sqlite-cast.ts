import { isRounded } from './rounded.ts';

/** White space in SQLite: fewer characters than in JavaScript. */
const SPACE = '[ \\t-\\r]*';
const INTEGER = new RegExp(`^${SPACE}([+-]?)0*(\\d*)`);
const REAL = new RegExp(`^${SPACE}([+-]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:e[+-]?\\d+)?)`, 'i');

/**
 * Returns what SQLite's `CAST(value AS type)` returns, as PowerSync's views do. Text becomes the number that it begins
 * with, or 0. An integer that JavaScript would round is returned as text.
 *
 * Fractions become text as in JavaScript, because SQLite's text of them depends on its version.
 */
export function castAsSqlite(value: string | number, type: string | undefined): string | number {
  switch (type) {
    case 'TEXT':
      return typeof value === 'string' || isRounded(value) ? value : textOf(value);
    case 'REAL':
      return typeof value === 'number' ? value : Number(REAL.exec(value)?.[1] ?? 0);
    case 'INTEGER':
      return typeof value === 'number' ? truncated(value) : integerIn(value);
    default:
      return value;
  }
}

function textOf(value: number): string {
  return String(value).replace('Infinity', 'Inf');
}

function truncated(value: number): string | number {
  if (Math.abs(value) > 2 ** 63) return bound(value < 0);
  return isRounded(value) ? value : Math.trunc(value) + 0; // no -0
}

function integerIn(text: string): string | number {
  const [, sign = '', digits = ''] = INTEGER.exec(text) ?? [];
  const isNegative = sign === '-';
  const number = Number(digits) * (isNegative ? -1 : 1) + 0;
  if (Number.isSafeInteger(number)) return number;
  const most = bound(isNegative);
  const exact = `${isNegative ? '-' : ''}${digits}`;
  return exact.length > most.length || (exact.length === most.length && exact > most) ? most : exact;
}

/** The smallest or the largest 64-bit integer. */
function bound(isNegative: boolean): string {
  return isNegative ? '-9223372036854775808' : '9223372036854775807';
}

const NUMERIC = new RegExp(`${REAL.source}${SPACE}$`, 'i');

/** Returns the number if the whole text is one, by the rules of SQLite's type affinity. Undefined if it isn't. */
export function wholeNumberIn(text: string): number | undefined {
  const found = NUMERIC.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
