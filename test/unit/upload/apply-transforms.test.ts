import { describe, expect, it } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import { eachEntry } from '../../../src/transforms/each-entry.ts';
import type { Transform } from '../../../src/transport/transform.ts';
import { applyTransforms } from '../../../src/upload/apply-transforms.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

/** The error of a transaction of a PUT and a PATCH that goes through this transform. */
async function failureOf(transform: unknown): Promise<UploadError> {
  const entries = [anEntry({ opData: { name: 'SECRET' } }), anEntry({ clientId: 2, op: 'PATCH' })];
  const thrown = await applyTransforms(entries, [transform as Transform], {
    database: new FakeQueue(),
  }).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(UploadError);
  return thrown as UploadError;
}

const NO_ENTRY = 'The function of eachEntry() must return an entry, or null.';
const NO_LIST = 'A transform must return a list of entries.';
const NO_OP_ID = 'A transform must keep the op id (clientId) of each entry, and use none twice.';
const NO_JSON = "A column holds what JSON can't carry: a promise, a map, bytes …";

describe('applyTransforms() says of a transform', () => {
  it.each<[string, string, string, unknown]>([
    ['of one entry that forgets to return', NO_ENTRY, 'PUT of "lists"', eachEntry(() => undefined as never)],
    ['of one entry that returns a condition', NO_ENTRY, 'PUT of "lists"', eachEntry(() => false as never)],
    [
      'of one entry that returns what is none',
      NO_ENTRY,
      'PUT of "lists"',
      eachEntry(() => ({ id: 'a' }) as never),
    ],
    [
      'that has one in its list that is none',
      NO_LIST,
      'PUT of "lists", PATCH of "lists"',
      ([first]: unknown[]) => [first, null],
    ],
    [
      'that makes one of two',
      NO_OP_ID,
      'PUT of "lists", PATCH of "lists"',
      ([first]: unknown[]) => [first, first],
    ],
    [
      'that gives it another op id',
      NO_OP_ID,
      'PUT of "lists", PATCH of "lists"',
      (entries: object[]) => entries.map((entry) => ({ ...entry, clientId: 9 })),
    ],
    [
      'that forgets to await',
      NO_JSON,
      'PATCH of "lists"',
      (entries: { op: string }[]) =>
        entries.map((entry) =>
          entry.op === 'PUT' ? entry : { ...entry, opData: { name: Promise.resolve(1) } },
        ),
    ],
  ])('%s what it did wrong, and with what', async (_, why, what, transform) => {
    const error = await failureOf(transform);
    expect(error.message).toBe(`[invalid] A transform failed: ${what} (see cause).`);
    expect(error.cause?.message).toBe(why);
  });

  it('that throws nothing but where: its words may hold a row', async () => {
    const error = await failureOf(([entry]: { opData: { name: string } }[]) => {
      throw new RangeError(entry?.opData.name);
    });
    expect(error.code).toBe('invalid');
    expect(error.cause?.name).toBe('RangeError');
    expect(error.cause?.message).not.toContain('SECRET');
  });

  it('that throws an upload error just that', async () => {
    const thrown = new UploadError('schema_mismatch', 'No such column.');
    const throwing = () => {
      throw thrown;
    };
    expect(await failureOf(throwing)).toBe(thrown);
    expect(await failureOf(eachEntry(throwing))).toBe(thrown);
  });

  it.each<[string, unknown]>([
    ['that forgets to return', () => {}],
    ['of one entry, in the shape of earlier versions', ({ opData }: { opData: object }) => ({ opData })],
  ])('%s how it is written, and keeps the writes', async (_, transform) => {
    const error = await failureOf(transform);
    expect(error.code).toBe('misconfigured');
    expect(error.message).toContain('eachEntry()');
  });
});
