import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ConnectorDatabase, CrudEntryLike } from '../../../src/database/database.ts';
import { defaultVerdict } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { UploadEntry } from '../../../src/queue/transaction.ts';
import { toTransaction } from '../../../src/queue/transaction.ts';
import { type Deadline, startDeadline } from '../../../src/time/deadline.ts';
import { type ChangeEntry, eachEntry } from '../../../src/transforms/each-entry.ts';
import type { Transform } from '../../../src/transport/transform.ts';
import type { Failed } from '../../../src/upload/item.ts';
import type { Judge } from '../../../src/upload/judge.ts';
import { type PrepareOptions, prepare } from '../../../src/upload/prepare.ts';
import { anEntry } from '../../support/fake-queue.ts';

const started: Deadline[] = [];

function deadline(): Deadline {
  const own = startDeadline(60_000);
  started.push(own);
  return own;
}

afterEach(() => {
  for (const each of started.splice(0)) each.end();
});

const A = [anEntry({ clientId: 1, id: 'a1' }), anEntry({ clientId: 2, id: 'a2' })];
const B = [anEntry({ clientId: 3, id: 'b1' })];
const C = [anEntry({ clientId: 4, id: 'c1' })];

const database = {} as ConnectorDatabase;

async function run(transforms: readonly Transform[], own = deadline(), given: Partial<PrepareOptions> = {}) {
  const judge = vi.fn<Judge>((error) => ({ error, verdict: defaultVerdict(error.code) }));
  const prepared = await prepare([A, B, C], {
    database,
    clientId: 'client',
    transforms,
    judge,
    deadline: own,
    recorded: async () => new Map(),
    asked: () => undefined,
    ...given,
  });
  const sent = prepared.map(({ transaction }) => transaction.entries.map(({ id }) => id));
  return { prepared, sent, known: prepared.map(({ known }) => known?.status), judge };
}

const keyOf = (raw: readonly CrudEntryLike[]) => toTransaction('client', raw).key;
const copy: Transform = (entries) => [...entries];

describe('prepare', () => {
  it('sends entries as they are where there is no transform', async () => {
    const { prepared, known } = await run([]);
    expect(prepared.map(({ transaction }) => transaction)).toEqual(
      [A, B, C].map((raw) => toTransaction('client', raw)),
    );
    expect(known).toEqual([undefined, undefined, undefined]);
  });

  it('changes each entry, one transform after the other', async () => {
    const upper = eachEntry((entry) => ({ ...entry, id: entry.id.toUpperCase() }));
    const suffix = eachEntry(async (entry) => ({ ...entry, id: `${entry.id}!` }));
    expect((await run([upper, suffix])).sent).toEqual([['A1!', 'A2!'], ['B1!'], ['C1!']]);
  });

  it('keeps the key of the raw entries: a new version of a transform must not make a queued write a new one', async () => {
    const { prepared } = await run([eachEntry((entry) => ({ ...entry, opData: { secret: 'x' } }))]);
    expect(prepared.map(({ transaction }) => transaction.key)).toEqual(
      [A, B, C].map((raw) => toTransaction('client', raw).key),
    );
  });

  it('leaves an entry out for null, and asks no further transform about it', async () => {
    const after = vi.fn<ChangeEntry>((entry) => entry);
    const { sent } = await run([eachEntry((entry) => (entry.id === 'a1' ? null : entry)), eachEntry(after)]);
    expect(sent).toEqual([['a2'], ['b1'], ['c1']]);
    expect(after.mock.calls.map(([{ id }]) => id)).toEqual(['a2', 'b1', 'c1']);
  });

  it('skips a transaction of which nothing is left: there is nothing to send, and nobody applied it', async () => {
    const { known, sent } = await run([eachEntry((entry) => (entry.id === 'b1' ? null : entry))]);
    expect(known).toEqual([undefined, 'skipped', undefined]);
    expect(sent[0]).toEqual(['a1', 'a2']);
  });

  describe('where a transform fails', () => {
    const failing = (id: string, thrown: unknown) =>
      eachEntry((entry) => {
        if (entry.id === id) throw thrown;
        return entry;
      });

    it('rejects the transaction as invalid, and sends those before it but none behind it', async () => {
      const cause = new Error('bad column');
      const { prepared, judge } = await run([failing('b1', cause)]);
      expect(prepared).toHaveLength(2);
      expect(prepared[0]?.known).toBeUndefined();
      expect(prepared[1]?.known).toMatchObject({
        status: 'failed',
        verdict: 'reject',
        error: { code: 'invalid', cause: { name: 'Error' } },
      });
      expect(judge).toHaveBeenCalledTimes(1);
      expect(judge.mock.calls[0]?.[1]).toBe(false);
    });

    it('counts as uncertain as the refusal of a whole request: a fault in a transform must not empty the queue', async () => {
      const { prepared } = await run([failing('a2', new Error('bad column'))]);
      expect(prepared).toHaveLength(1);
      expect(prepared[0]?.known).toMatchObject({ inBand: false });
    });

    it('takes the word of an UploadError', async () => {
      const unavailable = new UploadError('unavailable', 'No key yet.');
      const { prepared } = await run([failing('b1', unavailable)]);
      expect(prepared[1]?.known).toMatchObject({ verdict: 'retry', error: unavailable });
    });

    it('takes the word of an UploadError of another copy of the package', async () => {
      vi.resetModules();
      const copyOfPackage = await import('../../../src/error/upload-error.ts');
      const foreign = new copyOfPackage.UploadError('unavailable', 'No key yet.');
      expect(foreign).not.toBeInstanceOf(UploadError);
      const { prepared } = await run([failing('b1', foreign)]);
      expect(prepared[1]?.known).toMatchObject({ verdict: 'retry', error: { code: 'unavailable' } });
    });

    it('quotes nothing of what was thrown in its message', async () => {
      const { prepared } = await run([failing('a1', new Error('SECRET'))]);
      const known = prepared[0]?.known;
      expect(known?.status === 'failed' && known.error.message).not.toContain('SECRET');
    });

    it('names op and table in its message', async () => {
      const { prepared } = await run([failing('a1', new Error('SECRET'))]);
      const known = prepared[0]?.known;
      expect(known?.status === 'failed' && known.error.message).toBe(
        '[invalid] A transform failed: PUT of "lists" (see cause).',
      );
    });

    it('fails for an async transform alike', async () => {
      const { known } = await run([
        eachEntry((entry) => (entry.id === 'b1' ? Promise.reject(new Error('no')) : entry)),
      ]);
      expect(known).toEqual([undefined, 'failed']);
    });
  });

  it('takes a forgotten return for a fault, not for an entry to leave out', async () => {
    const { prepared } = await run([eachEntry(() => undefined as never)]);
    expect(prepared[0]?.known).toMatchObject({ status: 'failed', error: { code: 'invalid' } });
  });

  it.each<[string, unknown[]]>([
    ['false and the like, which would leave a write out unsaid', [false, 0, '', Number.NaN]],
    [
      'what is no entry, which would be sent as one',
      [
        ...[true, 1, 'entry', {}, []],
        { ...A[0], clientId: '1' },
        { ...A[0], op: 1 },
        { ...A[0], table: undefined },
        { ...A[0], id: null },
      ],
    ],
  ])('takes %s for a fault: only null leaves an entry out', async (_, values) => {
    for (const value of values) {
      const { prepared } = await run([
        eachEntry((entry) => (entry.clientId === A[0]?.clientId ? (value as never) : entry)),
      ]);
      expect(prepared[0]?.known, String(value)).toMatchObject({
        status: 'failed',
        error: { code: 'invalid' },
      });
    }
  });

  it.each<[string, unknown]>([
    ['a promise as column', { name: Promise.resolve('x') }],
    ['a promise within a column', { name: [{ a: Promise.resolve('x') }] }],
    ['a promise of all columns', Promise.resolve({ name: 'x' })],
    ['bytes', { name: new Uint8Array(2) }],
  ])('takes %s for a fault: JSON would make {} of it', async (_, opData) => {
    for (const transform of [
      eachEntry((entry) => ({ ...entry, opData }) as never),
      (entries: readonly UploadEntry[]) => entries.map((entry) => ({ ...entry, opData })) as never,
    ]) {
      const { prepared } = await run([transform]);
      expect(prepared[0]?.known).toMatchObject({ status: 'failed', error: { code: 'invalid' } });
    }
  });

  it('takes metadata that is a promise for a fault, too', async () => {
    const { prepared } = await run([
      eachEntry((entry) => ({ ...entry, metadata: Promise.resolve('x') as unknown as string })),
    ]);
    expect(prepared[0]?.known).toMatchObject({ status: 'failed', error: { code: 'invalid' } });
  });

  it('takes what JSON carries', async () => {
    const opData = {
      name: null,
      at: new Date(0),
      tags: ['a', { b: undefined }],
      n: Number.POSITIVE_INFINITY,
    };
    const { known } = await run([eachEntry((entry) => ({ ...entry, opData }))]);
    expect(known).toEqual([undefined, undefined, undefined]);
  });

  describe('with a transform of all entries', () => {
    it('gives it all entries of one transaction at once, and sends what it returns', async () => {
      const seen: string[][] = [];
      const last: Transform = async (entries) => {
        seen.push(entries.map(({ id }) => id));
        return entries.slice(-1);
      };
      const { sent, known } = await run([last]);
      expect(seen).toEqual([['a1', 'a2'], ['b1'], ['c1']]);
      expect(sent).toEqual([['a2'], ['b1'], ['c1']]);
      expect(known).toEqual([undefined, undefined, undefined]);
    });

    it('applies it and those of single entries in the order they are listed', async () => {
      const suffix = (text: string) => eachEntry((entry) => ({ ...entry, id: entry.id + text }));
      const mark: Transform = (entries, context) => suffix(`/${entries.length}`)(entries, context);
      const drop = eachEntry((entry) => (entry.id.startsWith('a1') ? null : entry));
      const { sent } = await run([suffix('x'), mark, drop, mark, suffix('y')]);
      expect(sent).toEqual([['a2x/2/1y'], ['b1x/1/1y'], ['c1x/1/1y']]);
    });

    it('skips the transaction when nothing is left of it', async () => {
      const none: Transform = (entries) => (entries[0]?.id === 'b1' ? [] : entries);
      const after = vi.fn(copy);
      expect((await run([none, after])).known).toEqual([undefined, 'skipped', undefined]);
      expect(after.mock.calls.map(([entries]) => entries)).toEqual([A, C]);
    });

    it('gives it the database to look things up in, and a transform of one entry, too', async () => {
      const whole = vi.fn(copy);
      const each = vi.fn<ChangeEntry>((entry) => entry);
      await run([whole, eachEntry(each)]);
      for (const [, context] of [...whole.mock.calls, ...each.mock.calls])
        expect(context.database).toBe(database);
      expect(each).toHaveBeenCalledTimes(4);
    });

    it('keeps what it does to its list from what the queue is completed by', async () => {
      const opIds = A.map(({ clientId }) => clientId);
      const { sent } = await run([(entries) => (entries as never[]).reverse()]);
      expect(sent[0]).toEqual(['a2', 'a1']);
      expect(A.map(({ clientId }) => clientId)).toEqual(opIds);
    });

    it('rejects that transaction when it throws, names each op and table once, and quotes nothing', async () => {
      const cause = new Error('SECRET');
      const failing: Transform = (entries) => {
        if (entries.length > 1) throw cause;
        return entries;
      };
      const { prepared } = await run([failing]);
      expect(prepared).toHaveLength(1);
      expect(prepared[0]?.known).toMatchObject({
        status: 'failed',
        verdict: 'reject',
        inBand: false,
        error: {
          message: '[invalid] A transform failed: PUT of "lists" (see cause).',
          cause: { name: 'Error', message: expect.not.stringContaining('SECRET') },
        },
      });
    });

    it('takes the word of an UploadError', async () => {
      const error = new UploadError('schema_mismatch', 'Wait for the update.');
      const { prepared } = await run([() => Promise.reject(error)]);
      expect(prepared[0]?.known).toMatchObject({ verdict: 'hold', error });
    });

    it.each<[string, unknown]>([
      ['a list with a hole', [A[0], undefined]],
      // biome-ignore lint/suspicious/noSparseArray: that is the case.
      ['a list with a hole that a loop skips', [A[0], , A[1]]],
      ['a list with null', [null]],
      ['a list of something else', [{ id: 'a1' }]],
    ])('takes %s for a fault', async (_, value) => {
      const { prepared } = await run([() => value as never]);
      expect(prepared[0]?.known).toMatchObject({ status: 'failed', error: { code: 'invalid' } });
    });
  });

  // It can't be told from a transform before it is called. So it is an error that costs no write: not a rejection, and none
  // goes out that it was to leave out or change.
  it.each<[string, (entry: UploadEntry) => unknown]>([
    ['returns null', () => null],
    ['returns nothing', () => undefined],
    ['returns a copy', (entry) => ({ ...entry })],
    ['returns another entry', () => A[0]],
    ['returns a promise', async () => A[0]],
    ['looks at the table', (entry) => (entry.table === 'drafts' ? null : entry)],
    ['takes the entry apart', ({ op, ...entry }) => (op === 'DELETE' ? null : entry)],
    ['reads a column', (entry) => (entry.opData?.name === 'x' ? null : entry)],
  ])(
    'keeps everything where a function of one entry stands without eachEntry(): one that %s',
    async (_, fn) => {
      const { prepared } = await run([fn as never]);
      expect(prepared).toHaveLength(1);
      expect(prepared[0]?.known).toMatchObject({
        verdict: 'retry',
        error: {
          message:
            '[misconfigured] transform must return a list of entries: wrap a function of one entry in eachEntry(). ' +
            'The writes stay queued.',
        },
      });
    },
  );

  it('sends a plain list, also where a transform returns the one it got', async () => {
    const { prepared } = await run([(entries) => entries]);
    expect(Object.getOwnPropertyNames(prepared[0]?.transaction.entries)).toEqual(['0', '1', 'length']);
  });

  // By op id, rejections find their entry, and transports that send entry by entry know what was applied already.
  it.each<[string, Transform]>([
    ['an entry with another op id', eachEntry((entry) => ({ ...entry, clientId: 99 }))],
    ['an entry that was made up', (entries) => [...entries, anEntry({ clientId: 99 })]],
    ['an op id that is used twice', ([first]) => [first, first] as never],
  ])('takes %s for a fault', async (_, transform) => {
    const { prepared } = await run([transform]);
    expect(prepared[0]?.known).toMatchObject({ status: 'failed', error: { code: 'invalid' } });
  });

  describe('what an earlier call has come to', () => {
    /** With the state of B among the rejected writes, if it has one. */
    async function withState(state: string, transforms: readonly Transform[] = []) {
      const recorded = vi.fn(async () => new Map([[keyOf(B), state]]));
      return { recorded, ...(await run(transforms, undefined, { recorded })) };
    }

    it('is looked up by the keys of all, at once', async () => {
      const { recorded } = await withState('rejected');
      expect(recorded.mock.calls).toEqual([[[A, B, C].map(keyOf)]]);
    });

    it.each([[[]], [[copy]]])(
      'is final where it is a recorded rejection: it is not sent again (%#)',
      async (transforms) => {
        const { known, prepared } = await withState('rejected', transforms);
        expect(known).toEqual([undefined, 'recorded', undefined]);
        expect(prepared[1]).toMatchObject({ raw: B, transaction: { key: keyOf(B) } });
      },
    );

    it('is final though its transform fails now, and those behind it are sent', async () => {
      const failing: Transform = (entries) => {
        if (entries[0]?.id === 'b1') throw new Error('bug');
        return entries;
      };
      expect((await withState('rejected', [failing])).known).toEqual([undefined, 'recorded', undefined]);
    });

    it.each(['held', 'released'])(
      'is not final where it is %s: it is sent, and known to be listed',
      async (state) => {
        for (const transforms of [[], [copy]]) {
          const { known, prepared } = await withState(state, transforms);
          expect(known).toEqual([undefined, undefined, undefined]);
          expect(prepared.map(({ isListed = false }) => isListed)).toEqual([false, true, false]);
        }
      },
    );

    it('is a question to the policy that has no answer yet: it is not sent meanwhile', async () => {
      const error = new UploadError('invalid', 'No.');
      const failed: Failed = { status: 'failed', error, verdict: 'reject', inBand: true };
      const transform = vi.fn(copy);
      const { prepared } = await run([transform], undefined, {
        asked: (key) => (key === keyOf(B) ? failed : undefined),
      });
      expect(prepared.map(({ known }) => known)).toEqual([undefined, failed, undefined]);
      expect(transform.mock.calls.map(([entries]) => entries)).toEqual([A, C]);
    });

    it('is final before it is a question: what was recorded is recorded', async () => {
      const failed = { status: 'failed' } as Failed;
      const recorded = async () => new Map([[keyOf(A), 'rejected']]);
      const { known } = await run([], undefined, {
        recorded,
        asked: (key) => (key === keyOf(A) ? failed : undefined),
      });
      expect(known).toEqual(['recorded', undefined, undefined]);
    });

    it('is waited for no longer than the call lasts', async () => {
      const own = deadline();
      const waiting = run([], own, { recorded: () => new Promise(() => {}) });
      const error = new UploadError('timeout', 'Too slow.');
      own.abort(error);
      await expect(waiting).rejects.toBe(error);
    });
  });

  it('ends with the call, however long a transform takes', async () => {
    const own = deadline();
    const error = new UploadError('timeout', 'Too slow.');
    const waiting = run([() => new Promise(() => {})], own);
    own.abort(error);
    await expect(waiting).rejects.toBe(error);
  });
});
