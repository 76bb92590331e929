import type { Row } from './database/database.ts';
import type { StandardSchema } from './standard-schema.ts';
import { WriteRefused } from './write-refused.ts';

/**
 * Checks the columns of an entry with a Standard Schema. A PATCH has some of the columns only, so what the schema says
 * about absent ones doesn't count. In a PUT, a client leaves out what is null, so an absent column counts as null where
 * the schema wants that.
 *
 * @throws WriteRefused INVALID_DATA
 */
export async function validate(
  schema: StandardSchema | undefined,
  op: 'PUT' | 'PATCH',
  columns: Row,
): Promise<void> {
  if (!schema) return;
  let issues = await issuesOf(schema, columns);
  const absent = issues.map(({ path: [first] }) => first).filter((name) => isAbsent(name, columns));
  if (op === 'PATCH') issues = issues.filter(({ path: [first] }) => !isAbsent(first, columns));
  else if (absent.length > 0) {
    issues = await issuesOf(schema, {
      ...columns,
      ...Object.fromEntries(absent.map((name) => [name, null])),
    });
  }
  if (issues.length === 0) return;
  throw new WriteRefused('INVALID_DATA', issues.map(({ message }) => message).join('; '), { issues });
}

interface Issue {
  readonly message: string;
  readonly path: readonly string[];
}

/** Copied into plain arrays: those of arktype make others of their own kind, from other arguments. */
async function issuesOf(schema: StandardSchema, columns: Row): Promise<readonly Issue[]> {
  const { issues = [] } = await schema['~standard'].validate({ ...columns });
  return Array.from(issues, ({ message, path = [] }) => ({ message, path: Array.from(path, nameOf) }));
}

function isAbsent(name: string | undefined, columns: Row): boolean {
  return name !== undefined && !Object.hasOwn(columns, name);
}

function nameOf(segment: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof segment === 'object' ? segment.key : segment);
}
