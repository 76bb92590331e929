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

function withMember(name: string, value: unknown) {
  return (entries: object[]) => entries.map((entry) => ({ ...entry, [name]: value }));
}

it('a transform that changes entries in place changes nothing of what is queued', async () => {
  const raw = [anEntry({ opData: { name: 'a' }, previousValues: { name: 'b' } })];
  const before = structuredClone(raw);
  const inPlace = (entries: readonly { opData?: object; previousValues?: object }[]) => {
    for (const each of entries) {
      Object.assign(each.opData ?? {}, { name: 'x', more: 1 });
      Object.assign(each.previousValues ?? {}, { name: 'y' });
      Object.assign(each, { table: 'others' });
    }
    return entries;
  };
  const left = await applyTransforms(raw, [inPlace as unknown as Transform], { database: new FakeQueue() });
  expect(left).toMatchObject([{ table: 'others', opData: { name: 'x', more: 1 } }]);
  expect(raw).toEqual(before);
});

it('a transform sees each entry as it is queued', async () => {
  const raw = [
    anEntry({ op: 'PATCH', opData: { name: 'a' }, previousValues: { name: 'b', note: null } }),
    anEntry({ clientId: 2, op: 'DELETE', opData: undefined, previousValues: { name: 'c' } }),
  ];
  const left = await applyTransforms(raw, [(entries) => entries], { database: new FakeQueue() });
  expect(left).toEqual(raw);
});

it('an entry keeps the methods of its class', async () => {
  class Entry {
    clientId = 1;
    op = 'PUT' as const;
    table = 'lists';
    id = 'a';
    toJSON() {
      return { op_id: this.clientId };
    }
  }
  const seen: unknown[] = [];
  const look: Transform = (entries) => {
    seen.push(...entries.map((entry) => JSON.stringify(entry)));
    return entries;
  };
  await applyTransforms([new Entry()], [look], { database: new FakeQueue() });
  expect(seen).toEqual(['{"op_id":1}']);
});

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
      'that changes an op id in place',
      NO_OP_ID,
      'PUT of "lists", PATCH of "lists"',
      (entries: { clientId: number }[]) => {
        for (const entry of entries) entry.clientId += 3;
        return entries;
      },
    ],
    [
      'with an operation that the SDK has not',
      NO_LIST,
      'PUT of "lists", PATCH of "lists"',
      withMember('op', 'UPSERT'),
    ],
    ['whose columns are a text', NO_LIST, 'PUT of "lists", PATCH of "lists"', withMember('opData', 'name')],
    ['whose columns are a list', NO_LIST, 'PUT of "lists", PATCH of "lists"', withMember('opData', [1])],
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
    expect(error.message).toBe(`[invalid] A transform failed: ${what}. ${why}`);
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

  it.each<[string, unknown, string]>([
    [
      'SQLite was busy',
      Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' }),
      'unavailable',
    ],
    ['SQLite was busy, as wa-sqlite says it', new Error('sqlite3_step: database is locked'), 'unavailable'],
    ['a look-up over the network failed', new TypeError('fetch failed'), 'network'],
    ['a look-up was aborted', new DOMException('SECRET', 'AbortError'), 'aborted'],
  ])('that %s, and keeps the writes: that says nothing about them', async (_, cause, code) => {
    const error = await failureOf(() => {
      throw cause;
    });
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(/The writes stay queued\.$/);
    expect(`${error.message} ${error.cause?.message}`).not.toContain('SECRET');
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
