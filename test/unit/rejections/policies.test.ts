import { afterEach, describe, expect, it, vi } from 'vitest';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import { alsoReport } from '../../../src/rejections/also-report.ts';
import { byCode, byTable } from '../../../src/rejections/choose.ts';
import { hold } from '../../../src/rejections/hold.ts';
import type { RejectedTransaction, RejectionPolicy } from '../../../src/rejections/policy.ts';
import { record } from '../../../src/rejections/record.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

function rejected(code: UploadErrorCode = 'invalid', ...tables: string[]): RejectedTransaction {
  return {
    key: 'client:1-1:0123456789abcdef',
    entries: (tables.length ? tables : ['lists']).map((table, i) => anEntry({ table, clientId: i + 1 })),
    error: new UploadError(code, 'No.'),
    needsDecision: false,
  };
}

const states = (database: FakeQueue) =>
  database
    .getAll<{ state: string }>('SELECT state FROM connector_rejected_writes')
    .then((rows) => rows.map(({ state }) => state))
    .catch(() => []);

/** A policy that remembers what it was asked. */
function policy(answer: 'complete' | 'hold') {
  return vi.fn<RejectionPolicy>(() => answer);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => vi.restoreAllMocks());

describe('byCode()', () => {
  it('asks the policy of the code, with all that it was given', async () => {
    const conflict = policy('hold');
    const other = policy('complete');
    const chosen = byCode({ conflict, default: other });
    const context = { database: new FakeQueue(), now: 5 };
    const transaction = rejected('conflict');
    expect(await chosen(transaction, context)).toBe('hold');
    expect(conflict).toHaveBeenCalledExactlyOnceWith(transaction, context);
    expect(await chosen(rejected('invalid'), context)).toBe('complete');
    expect(other).toHaveBeenCalledOnce();
  });

  it('records where there is no other policy', async () => {
    const database = new FakeQueue();
    expect(await byCode({ conflict: policy('hold') })(rejected(), { database, now: 1 })).toBe('complete');
    expect(await states(database)).toEqual(['rejected']);
  });

  it.each<[unknown, string]>([
    [{ conflikt: () => 'hold' }, 'no error code "conflikt"'],
    [{ constructor: () => 'hold' }, 'no error code "constructor"'],
    [{ conflict: 'hold' }, 'the policy for "conflict" must be a function'],
    [{ default: undefined }, 'the policy for "default" must be a function'],
    [null, 'null'],
  ])('%j is a TypeError', (policies, message) => {
    expect(() => byCode(policies as never)).toThrow(TypeError);
    expect(() => byCode(policies as never)).toThrow(message);
  });
});

describe('byTable()', () => {
  const context = () => ({ database: new FakeQueue(), now: 1 });

  it('asks the policy of the table, by its exact name', async () => {
    const todos = policy('hold');
    const chosen = byTable({ todos, default: policy('complete') });
    expect(await chosen(rejected('invalid', 'todos'), context())).toBe('hold');
    for (const table of ['todo', 'Todos', 'todos ', 'constructor', '__proto__'])
      expect(await chosen(rejected('invalid', table), context())).toBe('complete');
  });

  it('takes patterns: an exact name counts before them, and the first that fits counts', async () => {
    const chosen = byTable({
      'audit_*': policy('hold'),
      audit_seen: policy('complete'),
      '*_seen': policy('hold'),
      default: policy('complete'),
    });
    const decisions = ['audit_a', 'audit_seen', 'list_seen', 'lists'].map((table) =>
      chosen(rejected('invalid', table), context()),
    );
    expect(await Promise.all(decisions)).toEqual(['hold', 'complete', 'hold', 'complete']);
  });

  it.each([
    [['todos', 'lists'], 'hold'],
    [['lists', 'todos'], 'hold'],
    [['lists', 'lists'], 'complete'],
  ] as const)('several tables %j: %s', async (tables, decision) => {
    const chosen = byTable({ todos: policy('hold'), lists: policy('complete') });
    expect(await chosen(rejected('invalid', ...tables), context())).toBe(decision);
  });

  it('asks each policy once for a transaction', async () => {
    const [todos, others] = [policy('complete'), policy('complete')];
    await byTable({ todos, default: others })(rejected('invalid', 'a', 'todos', 'b', 'todos'), context());
    expect([todos.mock.calls.length, others.mock.calls.length]).toEqual([1, 1]);
  });

  it('holds on an answer that is none', async () => {
    const chosen = byTable({ lists: (() => undefined) as never });
    expect(await chosen(rejected(), context())).toBe('hold');
  });

  it.each([
    ['todos', 'lists'],
    ['lists', 'todos'],
  ])('%s and %s, one recorded and one held: it is held', async (...tables) => {
    const there = context();
    there.database.write({ id: 'queued' });
    const chosen = byTable({ todos: hold() });
    expect(await chosen(rejected('invalid', ...tables), there)).toBe('hold');
    expect(await states(there.database)).toEqual(['held']);
  });

  it('a policy that is no function is a TypeError', () => {
    expect(() => byTable({ todos: 'hold' as never })).toThrow('byTable(): the policy for "todos"');
  });
});

describe('hold()', () => {
  it('writes the transaction down and holds it until it is released', async () => {
    const there = { database: new FakeQueue(), now: 1 };
    expect(await hold()(rejected(), there)).toBe('hold');
    expect(await states(there.database)).toEqual(['held']);
    await there.database.execute("UPDATE connector_rejected_writes SET state = 'released'");
    expect(await hold()(rejected(), there)).toBe('complete');
  });
});

describe('alsoReport()', () => {
  it('decides as the policy does, then reports once', async () => {
    const report = vi.fn();
    const there = { database: new FakeQueue(), now: 1 };
    const transaction = rejected();
    expect(await alsoReport(report)(transaction, there)).toBe('complete');
    expect(await states(there.database)).toEqual(['rejected']);
    await turn();
    expect(report).toHaveBeenCalledExactlyOnceWith(transaction, 'complete');
  });

  it('does not wait for the report', async () => {
    const there = { database: new FakeQueue(), now: 1 };
    expect(await alsoReport(() => new Promise(() => {}))(rejected(), there)).toBe('complete');
  });

  it.each<[string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('offline'))],
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
  ])('a report that %s changes nothing, and is logged', async (_, report) => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const there = { database: new FakeQueue(), now: 1 };
    expect(await alsoReport(report)(rejected(), there)).toBe('complete');
    expect(await states(there.database)).toEqual(['rejected']);
    await turn();
    expect(logged).toHaveBeenCalledOnce();
  });

  it('reports a held transaction once, and again when it goes', async () => {
    const report = vi.fn();
    const answers: ('hold' | 'complete')[] = ['hold', 'hold', 'complete'];
    const chosen = alsoReport(report, () => answers.shift() ?? 'complete');
    for (let i = 0; i < 3; i++) await chosen(rejected(), { database: new FakeQueue(), now: 1 });
    await turn();
    expect(report.mock.calls.map(([, decision]) => decision)).toEqual(['hold', 'complete']);
  });

  it('tries a failed report again with the next attempt', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const report = vi.fn(() => Promise.reject(new Error('offline')));
    const chosen = alsoReport(report, () => 'hold');
    for (let i = 0; i < 2; i++) {
      await chosen(rejected(), { database: new FakeQueue(), now: 1 });
      await turn();
    }
    expect(report).toHaveBeenCalledTimes(2);
  });

  it('reports nothing that could not be recorded', async () => {
    const report = vi.fn();
    const database = new FakeQueue();
    database.broken = /INSERT/;
    await expect(alsoReport(report)(rejected(), { database, now: 1 })).rejects.toThrow('locked');
    await turn();
    expect(report).not.toHaveBeenCalled();
  });

  it('nests with the others', async () => {
    const report = vi.fn();
    const chosen = alsoReport(report, byCode({ conflict: byTable({ todos: hold(), default: record() }) }));
    const decide = (...given: Parameters<typeof rejected>) =>
      chosen(rejected(...given), { database: new FakeQueue(), now: 1 });
    expect(await decide('conflict', 'todos')).toBe('hold');
    expect(await decide('conflict', 'lists')).toBe('complete');
    expect(await decide('invalid', 'todos')).toBe('complete');
  });

  it.each<[unknown, unknown, string]>([
    [undefined, undefined, 'report'],
    ['x', undefined, 'report'],
    [() => {}, null, 'policy'],
  ])('%j and %j is a TypeError', (report, given, message) => {
    expect(() => alsoReport(report as never, given as never)).toThrow(TypeError);
    expect(() => alsoReport(report as never, given as never)).toThrow(message);
  });
});
