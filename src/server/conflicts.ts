import { instantOf, isSameValue, toColumnValue } from './database/client-values.ts';
import type { Column, Row } from './database/database.ts';
import type { Operation } from './wire.ts';
import { WriteRefused } from './write-refused.ts';

/** A change that meets a stored row. */
export interface ConflictInput {
  readonly op: Operation;
  /** The row in the database. */
  readonly stored: Row;
  /** Columns that the client wrote. Empty for a DELETE. */
  readonly mine: Row;
  /** Columns before the client's change. Empty if its schema doesn't track them. */
  readonly base: Row;
  readonly columns: ReadonlyMap<string, Column>;
}

/**
 * Decides what is written when a change meets a stored row: returns the columns to write, `'delete'`, or `'keep'` to
 * leave the row as it is. Throws {@link WriteRefused} to refuse.
 */
export type ConflictPolicy = (input: ConflictInput) => Row | 'keep' | 'delete';

/** `'last-write'`: each column has the value that arrived last, and a DELETE always wins. */
export type Conflict = 'last-write' | ConflictPolicy;

export function policyOf(conflict: Conflict | undefined): ConflictPolicy {
  return typeof conflict === 'function' ? conflict : lastWrite;
}

const lastWrite: ConflictPolicy = ({ op, mine }) => (op === 'DELETE' ? 'delete' : mine);

/**
 * Refuses a change that was made on an older version of the row. The client sends the version that it saw: the new
 * value of `column` must be greater than the stored one, or, with `trackPrevious`, the previous value must be the
 * stored one. The server counts: it writes the stored version plus one.
 */
export function byVersion(column: string): ConflictPolicy {
  return (input) => {
    const { op, stored, mine, base } = input;
    const seen = base[column] ?? (mine[column] === undefined ? undefined : Number(mine[column]) - 1);
    if (seen === undefined ? op !== 'DELETE' : Number(seen) !== Number(stored[column])) {
      throw conflict(`The row has the version ${String(stored[column])}`);
    }
    return op === 'DELETE' ? 'delete' : { ...mine, [column]: Number(stored[column]) + 1 };
  };
}

/**
 * The change with the later time in `column` wins, whatever the order in which they arrive. An older one is ignored. A
 * DELETE has no time, and wins.
 */
export function byTimestamp(column: string): ConflictPolicy {
  return ({ op, stored, mine }) => {
    if (op === 'DELETE') return 'delete';
    if (mine[column] === undefined) {
      throw new WriteRefused(
        'INVALID_DATA',
        `The column ${JSON.stringify(column)} must be written with each change`,
      );
    }
    const isOlder = instantOf(mine[column]) < instantOf(stored[column]);
    return isOlder ? 'keep' : mine;
  };
}

/**
 * Writes the columns that only the client has changed, and refuses if somebody else has changed one of them. Needs
 * `trackPrevious` in the client's schema; a column without a previous value counts as unchanged by others.
 */
export function byField(): ConflictPolicy {
  return (input) => {
    if (input.op === 'DELETE') return 'delete';
    const both = changedByOthers(input).filter((name) => !isSame(input, name, input.mine[name]));
    if (both.length > 0) throw conflict(`Somebody else has changed ${both.join(', ')}`, { columns: both });
    return input.mine;
  };
}

/**
 * Lets a function decide. It is called if somebody else has changed a column that the client has changed too, and
 * returns the columns to write. Needs `trackPrevious` in the client's schema.
 */
export function mergeWith(
  merge: (input: { readonly base: Row; readonly theirs: Row; readonly mine: Row }) => Row,
): ConflictPolicy {
  return (input) => {
    const { op, base, stored, mine } = input;
    if (op === 'DELETE') return 'delete';
    return changedByOthers(input).length === 0 ? mine : merge({ base, theirs: stored, mine });
  };
}

/**
 * Adds what the client added: `stored + (mine - base)`, for counters. Needs `trackPrevious` for these columns. Whole
 * numbers are exact, others are added as JavaScript numbers. The other columns have the value that arrived last.
 */
export function cumulative(...columns: readonly string[]): ConflictPolicy {
  return ({ op, stored, mine, base, columns: known }) => {
    if (op === 'DELETE') return 'delete';
    const sums = columns
      .filter((name) => mine[name] !== undefined && mine[name] !== null)
      .map((name) => {
        const column = known.get(name);
        if (!column) throw new TypeError(`cumulative(): the table has no column ${JSON.stringify(name)}`);
        if (base[name] === undefined) {
          throw new WriteRefused(
            'INVALID_DATA',
            `The column ${JSON.stringify(name)} needs its previous value`,
          );
        }
        return [name, added(column, stored[name], mine[name], base[name])];
      });
    return { ...mine, ...Object.fromEntries(sums) };
  };
}

/** `stored + (mine - base)`, as text if it is a whole number. A value that isn't there counts as 0. */
function added(column: Column, stored: unknown, mine: unknown, base: unknown): string | number {
  const [a, b, c] = [stored, mine, base].map((value) => toColumnValue(column, value ?? 0));
  if (column.kind === 'integer') return String(BigInt(String(a)) + BigInt(String(b)) - BigInt(String(c)));
  return Number(a) + Number(b) - Number(c);
}

/**
 * Refuses each change of a row that somebody else has changed, a DELETE too. The client gets the stored row, and its
 * app or user decides. Needs `trackPrevious`; for a DELETE also `trackPreviousValues` of the whole row.
 */
export function refuseConflicts(): ConflictPolicy {
  return (input) => {
    const theirs = changedByOthers(input);
    if (theirs.length > 0)
      throw conflict(`Somebody else has changed ${theirs.join(', ')}`, { columns: theirs });
    return input.op === 'DELETE' ? 'delete' : input.mine;
  };
}

/** Columns whose stored value isn't the one that the client changed. */
function changedByOthers(input: ConflictInput): string[] {
  return Object.keys(input.base).filter(
    (name) => input.columns.has(name) && !isSame(input, name, input.base[name]),
  );
}

function isSame({ columns, stored }: ConflictInput, name: string, value: unknown): boolean {
  const column = columns.get(name);
  return column !== undefined && isSameValue(column, value, stored[name]);
}

/** The refusal of a conflict. `writeEntry` adds the stored row to it. */
export class ConflictRefused extends WriteRefused {}

function conflict(message: string, details: Record<string, unknown> = {}): ConflictRefused {
  return new ConflictRefused('CONFLICT', message, details);
}
