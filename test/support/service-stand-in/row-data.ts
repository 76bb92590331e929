import type { Row } from './source.ts';

/**
 * A row as the JSON text that is sent: columns without the id, in a fixed order, with values that SQLite can store. Two
 * rows are equal if and only if their texts are.
 */
export function rowData(row: Row): string {
  const columns = Object.keys(row)
    .filter((name) => name !== 'id' && row[name] !== undefined)
    .sort();
  return `{${columns.map((name) => `${JSON.stringify(name)}:${valueText(row[name])}`).join(',')}}`;
}

function valueText(value: unknown): string {
  switch (typeof value) {
    case 'boolean':
      return value ? '1' : '0';
    case 'bigint':
      return value.toString();
    case 'number':
    case 'string':
      return JSON.stringify(value);
    default:
      if (value === null) return 'null';
      if (value instanceof Date) return JSON.stringify(value.toISOString());
      return JSON.stringify(JSON.stringify(value));
  }
}
