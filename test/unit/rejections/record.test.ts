import { describe, expect, it } from 'vitest';
import { UploadError } from '../../../src/outcome/upload-error.ts';
import type { RejectedTransaction } from '../../../src/rejections/policy.ts';
import { record } from '../../../src/rejections/record.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

const NOW = 1_700_000_000_000;

function rejected(members: Partial<RejectedTransaction> = {}): RejectedTransaction {
  return {
    key: 'client:1-1:0123456789abcdef',
    transactionId: 7,
    entries: [anEntry()],
    error: new UploadError('conflict', 'Taken.', { status: 409 }),
    needsDecision: false,
    ...members,
  };
}

interface Row {
  key: string;
  transaction_id: number | null;
  entries: string;
  entry_index: number | null;
  code: string;
  status: number | null;
  message: string;
  details: string | null;
  owner: string | null;
  rejected_at: number;
  told_at: number | null;
}

const rows = (database: FakeQueue) =>
  database.getAll<Row>('SELECT * FROM connector_rejected_writes ORDER BY key');

describe('record()', () => {
  it('writes the transaction down, then lets it leave the queue', async () => {
    const database = new FakeQueue();
    const details = { constraint: 'lists_name_key' };
    expect(await record()(rejected({ entryIndex: 0, details }), { database, now: NOW })).toBe('complete');
    expect(await rows(database)).toEqual([
      {
        key: 'client:1-1:0123456789abcdef',
        transaction_id: 7,
        entries: '[{"clientId":1,"op":"PUT","table":"lists","id":"row","opData":{"name":"Milk"}}]',
        entry_index: 0,
        code: 'conflict',
        status: 409,
        message: '[conflict] Taken.',
        details: '{"constraint":"lists_name_key"}',
        owner: null,
        rejected_at: NOW,
        told_at: null,
      },
    ]);
  });

  it('keeps everything that an entry holds', async () => {
    const database = new FakeQueue();
    const entries = [
      anEntry({
        clientId: 4,
        op: 'PATCH',
        id: "o'row",
        opData: { a: null, ü: '🥛' },
        previousValues: { a: 1 },
        metadata: 'm',
      }),
      anEntry({ clientId: 5, op: 'DELETE', opData: undefined }),
    ];
    await record()(rejected({ entries }), { database, now: NOW });
    expect(JSON.parse((await rows(database))[0]?.entries ?? '')).toEqual(JSON.parse(JSON.stringify(entries)));
  });

  it('leaves empty what is not known', async () => {
    const database = new FakeQueue();
    const error = new UploadError('invalid', 'No.');
    await record()(rejected({ transactionId: undefined, error }), { database, now: NOW });
    expect((await rows(database))[0]).toMatchObject({
      transaction_id: null,
      entry_index: null,
      status: null,
      details: null,
    });
  });

  it('writes once for a key: a crash before the queue moved repeats the rejection', async () => {
    const database = new FakeQueue();
    await record()(rejected(), { database, now: NOW });
    expect(await record()(rejected(), { database: database.reopened(), now: NOW + 1000 })).toBe('complete');
    const all = await rows(database);
    expect(all).toHaveLength(1);
    expect(all[0]?.rejected_at).toBe(NOW);
  });

  it('writes another row for another key', async () => {
    const database = new FakeQueue();
    await record()(rejected({ key: 'one' }), { database, now: NOW });
    await record()(rejected({ key: 'two' }), { database, now: NOW });
    expect((await rows(database)).map(({ key }) => key)).toEqual(['one', 'two']);
  });

  it('holds a transaction that needs a decision, and writes nothing', async () => {
    const database = new FakeQueue();
    expect(await record()(rejected({ needsDecision: true }), { database, now: NOW })).toBe('hold');
    expect(database.statements).toEqual([]);
  });

  it('throws where the row cannot be written, so that the transaction stays queued', async () => {
    const database = new FakeQueue();
    database.broken = /INSERT/;
    await expect(record()(rejected(), { database, now: NOW })).rejects.toThrow('locked');
  });

  it('lets nothing go that the table did not take', async () => {
    const database = new FakeQueue();
    const answer = await Promise.resolve(record()(rejected(), { database, now: Number.NaN })).catch(
      () => 'hold',
    );
    expect(answer === 'complete').toBe((await rows(database)).length === 1);
  });

  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;

  it.each<[string, unknown]>([
    ['cyclic', cyclic],
    ['a bigint', { count: 10n }],
    ['a function', () => {}],
    ['a symbol', Symbol('x')],
    [
      'an object that will not be turned to JSON',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
  ])(
    'does not let details that are %s block the queue: the write matters, not the words about it',
    async (_, details) => {
      const database = new FakeQueue();
      expect(await record()(rejected({ details }), { database, now: NOW })).toBe('complete');
      expect(await rows(database)).toHaveLength(1);
    },
  );

  it.each<[string, unknown, string]>([
    ['text', 'words', '"words"'],
    ['null', null, 'null'],
    ['an own column named __proto__', JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
  ])('keeps details that are %s', async (_, details, expected) => {
    const database = new FakeQueue();
    await record()(rejected({ details }), { database, now: NOW });
    expect((await rows(database))[0]?.details).toBe(expected);
  });
});
