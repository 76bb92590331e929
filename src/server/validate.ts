import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Row } from './database/database.ts';
import { WriteRefused } from './write-refused.ts';

/**
 * Checks the columns of an entry with a Standard Schema. A PATCH has some of the columns only, so what the schema says
 * about absent ones doesn't count.
 *
 * @throws WriteRefused INVALID_DATA
 */
export async function validate(
  schema: StandardSchemaV1 | undefined,
  op: 'PUT' | 'PATCH',
  columns: Row,
): Promise<void> {
  if (!schema) return;
  const { issues } = await schema['~standard'].validate({ ...columns });
  const relevant = (issues ?? []).filter((issue) => op === 'PUT' || !isOfAbsentColumn(issue, columns));
  if (relevant.length === 0) return;
  throw new WriteRefused('INVALID_DATA', relevant.map(({ message }) => message).join('; '), {
    issues: relevant.map(({ message, path = [] }) => ({ message, path: path.map(nameOf) })),
  });
}

function isOfAbsentColumn({ path = [] }: StandardSchemaV1.Issue, columns: Row): boolean {
  const [first] = path;
  return first !== undefined && !Object.hasOwn(columns, nameOf(first));
}

function nameOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof segment === 'object' ? segment.key : segment);
}
