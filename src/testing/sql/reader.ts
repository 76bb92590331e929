type Kind = 'name' | 'quoted' | 'text' | 'number' | 'sign' | 'end';

interface Token {
  readonly kind: Kind;
  readonly text: string;
}

/** A statement that the built-in SQL doesn't know. */
export class UnknownSql extends Error {}

export interface StatementFacts {
  /** Columns in the statement, so that unknown ones are found even without a row. */
  readonly columns: Set<string>;
  /** True if it counts rows. */
  isCount: boolean;
}

/** Reads a statement from left to right. The case of keywords doesn't matter. */
export interface SqlReader {
  /** Takes these words or signs if all of them come next, in this order. Returns true if they do. */
  take(...texts: string[]): boolean;
  /** Takes these words or signs, or throws. */
  need(...texts: string[]): void;
  /** Takes a name, quoted or not. */
  name(): string;
  /** Takes a text or number literal, if one comes next. */
  literal(): string | number | undefined;
  /** Takes a name that isn't a keyword here, if one comes next. */
  maybeName(): string | undefined;
  /** Counts a parameter, and returns the index of its `?`. */
  parameter(): number;
  /** Facts about the innermost statement. */
  statement: StatementFacts;
  /** Returns the current place, for {@link textFrom}. */
  place(): number;
  /** Returns the text that was read since that place, without spaces. */
  textFrom(place: number): string;
  /** Number of parameters read so far. */
  readonly parameterCount: number;
  atEnd(): boolean;
  fail(): never;
}

const TOKENS =
  /\s+|--[^\n]*|"((?:[^"]|"")*)"|'((?:[^']|'')*)'|(\d+(?:\.\d*)?(?:e[-+]?\d+)?)|([a-z_][\w$]*)|(<>|<=|>=|!=|==|\|\||[-+*/%=<>(),.;?])/giy;

/** Words that end a list or an expression, so they are never names without quotes. */
const RESERVED = new Set(
  'and as asc case collate conflict cross desc distinct do else end exists from full group having in inner is isnull join left like limit natural not notnull null nulls offset on or order outer over returning right select set then union update using values when where window'.split(
    ' ',
  ),
);

export function createReader(sql: string): SqlReader {
  const tokens = tokenize(sql);
  let at = 0;
  let parameters = 0;
  const here = (ahead = 0): Token => tokens[at + ahead] ?? { kind: 'end', text: '' };
  const isNext = (text: string, ahead: number): boolean => {
    const { kind, text: found } = here(ahead);
    return (kind === 'name' || kind === 'sign') && found.toLowerCase() === text.toLowerCase();
  };
  const reader: SqlReader = {
    statement: { columns: new Set(), isCount: false },
    place: () => at,
    textFrom: (place) =>
      tokens
        .slice(place, at)
        .map(({ text }) => text)
        .join(''),
    get parameterCount() {
      return parameters;
    },
    take(...texts) {
      const found = texts.every(isNext);
      if (found) at += texts.length;
      return found;
    },
    need(...texts) {
      if (!reader.take(...texts)) reader.fail();
    },
    name: () => reader.maybeName() ?? reader.fail(),
    maybeName() {
      const { kind, text } = here();
      if (kind !== 'quoted' && (kind !== 'name' || RESERVED.has(text.toLowerCase()))) return undefined;
      at++;
      return text;
    },
    literal() {
      const { kind, text } = here();
      if (kind !== 'text' && kind !== 'number') return undefined;
      at++;
      return kind === 'text' ? text : Number(text);
    },
    parameter: () => parameters++,
    atEnd: () => here().kind === 'end',
    fail() {
      throw unknownSql(sql, here().text);
    },
  };
  return reader;
}

function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < sql.length) {
    const from = TOKENS.lastIndex;
    const match = TOKENS.exec(sql);
    if (!match) throw unknownSql(sql, sql[from] ?? '');
    const [, quoted, text, number, name, sign] = match;
    if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replaceAll('""', '"') });
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

function unknownSql(sql: string, near: string): UnknownSql {
  const where = near === '' ? 'at its end' : `near ${JSON.stringify(near)}`;
  return new UnknownSql(
    `memoryDatabase: this statement is beyond its SQL, ${where}: ${sql.trim()}\n` +
      'It knows SELECT, INSERT, UPDATE, DELETE and CREATE TABLE on one table each. Answer other statements with the ' +
      'option "otherSql", or use a real database for this test.',
  );
}
