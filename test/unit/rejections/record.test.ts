import { describe, expect, it } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
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
  state: string;
  later_op_ids: string;
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
        applied_entries: '[]',
        code: 'conflict',
        status: 409,
        message: '[conflict] Taken.',
        details: '{"constraint":"lists_name_key"}',
        owner: null,
        rejected_at: NOW,
        told_at: null,
        state: 'rejected',
        later_op_ids: '[]',
        may_be_applied: 0,
        needs_decision: 0,
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

  it.each([
    [true, 1],
    [false, 0],
    [undefined, 0],
  ])('notes that it may be applied: %j', async (mayBeApplied, expected) => {
    const database = new FakeQueue();
    await record()(rejected({ mayBeApplied }), { database, now: NOW });
    expect(await database.getAll('SELECT may_be_applied FROM connector_rejected_writes')).toEqual([
      { may_be_applied: expected },
    ]);
  });

  it.each([
    [true, undefined, 'held', 'hold'],
    [true, true, 'rejected', 'complete'],
    [false, true, 'rejected', 'complete'],
  ])(
    'that needs a decision (%j) and can not wait (%j) is %s',
    async (needsDecision, cannotWait, state, answer) => {
      const database = new FakeQueue();
      expect(await record()(rejected({ needsDecision, cannotWait }), { database, now: NOW })).toBe(answer);
      expect(await database.getAll('SELECT state, needs_decision FROM connector_rejected_writes')).toEqual([
        { state, needs_decision: needsDecision ? 1 : 0 },
      ]);
    },
  );

  it('that was held and can not wait any more is rejected, and keeps its need of a decision', async () => {
    const database = new FakeQueue();
    const held = rejected({ needsDecision: true });
    expect(await record()(held, { database, now: NOW })).toBe('hold');
    expect(await record()({ ...held, cannotWait: true }, { database, now: NOW + 1 })).toBe('complete');
    expect(await database.getAll('SELECT state, needs_decision FROM connector_rejected_writes')).toEqual([
      { state: 'rejected', needs_decision: 1 },
    ]);
  });

  it('notes it of one that was held before, too', async () => {
    const database = new FakeQueue();
    await record()(rejected({ needsDecision: true }), { database, now: NOW });
    await record()(rejected({ mayBeApplied: true }), { database, now: NOW });
    expect(await database.getAll('SELECT state, may_be_applied FROM connector_rejected_writes')).toEqual([
      { state: 'rejected', may_be_applied: 1 },
    ]);
  });

  it.each(['CREATE', 'connector_owners', 'getCrudBatch'])(
    'writes nothing once the database is being cleared, whatever it waited for: %s',
    async (step) => {
      const database = new FakeQueue();
      const clearing = new AbortController();
      const abortAt = (what: string) => what.includes(step) && clearing.abort();
      const { execute, getAll, getCrudBatch } = database;
      database.execute = async (sql, parameters) => {
        await execute.call(database, sql, parameters);
        abortAt(sql);
      };
      database.getAll = async <T>(sql: string, parameters?: unknown[]): Promise<T[]> => {
        const found = await getAll.call(database, sql, parameters as never);
        abortAt([sql, ...(parameters ?? [])].join());
        return found as T[];
      };
      database.getCrudBatch = async (limit) => {
        abortAt('getCrudBatch');
        return getCrudBatch.call(database, limit);
      };
      const answer = Promise.resolve(record()(rejected(), { database, now: NOW, signal: clearing.signal }));
      await expect(answer).rejects.toMatchObject({ code: 'aborted' });
      expect(clearing.signal.aborted).toBe(true);
      expect(await rows(database)).toEqual([]);
    },
  );

  it('writes another row for another key', async () => {
    const database = new FakeQueue();
    await record()(rejected({ key: 'one' }), { database, now: NOW });
    await record()(rejected({ key: 'two' }), { database, now: NOW });
    expect((await rows(database)).map(({ key }) => key)).toEqual(['one', 'two']);
  });

  it.each([
    ['ada', 'ada'],
    ['', ''],
    [null, null],
    [undefined, null],
  ])('notes the owner %j as %j', async (owner, expected) => {
    const database = new FakeQueue();
    await record()(rejected({ owner }), { database, now: NOW });
    expect((await rows(database))[0]?.owner).toBe(expected);
  });

  it('marks what is queued behind it and changes the same rows', async () => {
    const database = new FakeQueue();
    const todo = { table: 'todos', id: 'one' };
    database.write(todo, { ...todo, op: 'PATCH' }, { table: 'lists', id: 'a' });
    database.write({ ...todo, id: 'other' }).write({ table: 'lists', id: 'one' });
    database.write({ ...todo, op: 'PATCH' }, { table: 'lists', id: 'a', op: 'DELETE' }).writeAlone(todo);
    const entries = (await database.getCrudBatch(3))?.crud ?? [];
    await record()(rejected({ entries }), { database, now: NOW });
    expect((await rows(database))[0]?.later_op_ids).toBe('[6,7,8]');
  });

  it('does not take one row for another whose names run together', async () => {
    const database = new FakeQueue();
    database.write({ table: 'a', id: 'b:c' }).write({ table: 'a:b', id: 'c' });
    const entries = (await database.getCrudBatch(1))?.crud ?? [];
    await record()(rejected({ entries }), { database, now: NOW });
    expect((await rows(database))[0]?.later_op_ids).toBe('[]');
  });

  describe('a transaction that needs a decision', () => {
    const asked = rejected({ needsDecision: true });
    const decide = (database: FakeQueue, now = NOW, transaction = asked) =>
      record()(transaction, { database, now });
    const setState = (database: FakeQueue, state: string) =>
      database.execute('UPDATE connector_rejected_writes SET state = ?', [state]);

    it('is written down and held, on every attempt', async () => {
      const database = new FakeQueue();
      expect(await decide(database)).toBe('hold');
      expect(await decide(database.reopened(), NOW + 1)).toBe('hold');
      const all = await rows(database);
      expect(all.map(({ state, rejected_at }) => [state, rejected_at])).toEqual([['held', NOW]]);
    });

    it('is let go as rejected once it was released', async () => {
      const database = new FakeQueue();
      await decide(database);
      await setState(database, 'released');
      expect(await decide(database, NOW + 1)).toBe('complete');
      expect(await rows(database)).toMatchObject([{ state: 'rejected', rejected_at: NOW + 1 }]);
    });

    it.each(['held', 'released'])('goes if it was %s and no longer needs one', async (state) => {
      const database = new FakeQueue();
      await decide(database);
      await setState(database, state);
      expect(await decide(database, NOW + 1, rejected())).toBe('complete');
      expect(await rows(database)).toMatchObject([{ state: 'rejected' }]);
    });

    it('is held although another policy has recorded it as rejected in the same call', async () => {
      const database = new FakeQueue();
      for (let i = 0; i < 9; i++) database.write({ id: `${i}` });
      const context = { database, now: NOW };
      await record()(rejected(), context);
      expect(await record()(asked, context)).toBe('hold');
      expect(await rows(database)).toMatchObject([{ state: 'held' }]);
    });

    it('leaves once another tab has recorded it as rejected, though it is still queued: that is final', async () => {
      const database = new FakeQueue();
      for (let i = 0; i < 9; i++) database.write({ id: `${i}` });
      await decide(database, NOW, rejected());
      expect(await decide(database)).toBe('complete');
      expect(await rows(database)).toMatchObject([{ state: 'rejected' }]);
    });
  });

  describe('limits', () => {
    const fill = async (policy: ReturnType<typeof record>, database: FakeQueue, times: number[]) => {
      for (const [i, now] of times.entries()) await policy(rejected({ key: `k${i}` }), { database, now });
      return (await rows(database)).map(({ key }) => key);
    };

    it('are none unless they are given', async () => {
      const times = Array.from({ length: 30 }, (_, i) => i);
      expect(await fill(record(), new FakeQueue(), times)).toHaveLength(30);
      expect(
        await fill(record({ maxCount: undefined, maxAgeMs: undefined }), new FakeQueue(), times),
      ).toHaveLength(30);
    });

    it('keep the newest so many', async () => {
      expect(await fill(record({ maxCount: 2 }), new FakeQueue(), [1, 2, 3, 4])).toEqual(['k2', 'k3']);
    });

    it('keep the newest although the clock was set back', async () => {
      expect(await fill(record({ maxCount: 1 }), new FakeQueue(), [9, 5, 1])).toEqual(['k2']);
    });

    it('keep those that are young enough', async () => {
      const policy = record({ maxAgeMs: 10 });
      expect(await fill(policy, new FakeQueue(), [100, 105, 110])).toEqual(['k0', 'k1', 'k2']);
      expect(await fill(policy, new FakeQueue(), [100, 105, 111])).toEqual(['k1', 'k2']);
    });

    it('keep what satisfies both', async () => {
      const policy = record({ maxAgeMs: 10, maxCount: 2 });
      expect(await fill(policy, new FakeQueue(), [100, 109, 110, 111])).toEqual(['k2', 'k3']);
      expect(await fill(policy, new FakeQueue(), [100, 200])).toEqual(['k1']);
    });

    it('never forget the write that is about to leave the queue', async () => {
      const database = new FakeQueue();
      const policy = record({ maxAgeMs: 10, maxCount: 1 });
      await fill(policy, database, [100, 101]);
      // Rejected again, after a crash before the queue moved.
      await policy(rejected({ key: 'k1' }), { database, now: 1_000 });
      expect((await rows(database)).map(({ key }) => key)).toEqual(['k1']);
    });

    it('do not touch held writes', async () => {
      const database = new FakeQueue();
      const policy = record({ maxAgeMs: 1, maxCount: 1 });
      await policy(rejected({ key: 'asked', needsDecision: true }), { database, now: 1 });
      await fill(policy, database, [100, 200]);
      expect((await rows(database)).map(({ key }) => key)).toEqual(['asked', 'k1']);
    });

    it.each<[object, string]>([
      [{ maxCount: 0 }, '"maxCount" must be'],
      [{ maxCount: -1 }, '"maxCount" must be'],
      [{ maxCount: 1.5 }, '"maxCount" must be'],
      [{ maxCount: '5' }, '"maxCount" must be'],
      [{ maxCount: null }, '"maxCount" must be'],
      [{ maxAgeMs: 0 }, '"maxAgeMs" must be'],
      [{ maxAgeMs: Number.NaN }, '"maxAgeMs" must be'],
      [{ maxAgeMs: Number.POSITIVE_INFINITY }, '"maxAgeMs" must be'],
      [{ maxage: 5 }, 'no option "maxage"'],
      [{ toString: 5 }, 'no option "toString"'],
    ])('%j is a TypeError', (options, message) => {
      const make = () => record(options);
      expect(make).toThrow(TypeError);
      expect(make).toThrow(message);
    });
  });

  it('throws where the row cannot be written, so that the transaction stays queued', async () => {
    const database = new FakeQueue();
    database.broken = /INSERT/;
    await expect(record()(rejected(), { database, now: NOW })).rejects.toThrow('locked');
  });

  it.each([
    ['held', true, 'hold'],
    ['let go', false, 'complete'],
  ])('is %s as asked where the app discards the row meanwhile', async (_, needsDecision, answer) => {
    const database = new FakeQueue();
    const execute = database.execute.bind(database);
    database.execute = async (sql, parameters) => {
      await execute(sql, parameters);
      if (sql.startsWith('INSERT')) await execute('DELETE FROM connector_rejected_writes');
    };
    expect(await record()(rejected({ needsDecision }), { database, now: NOW })).toBe(answer);
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
