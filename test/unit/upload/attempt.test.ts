import { unsignedJwt } from 'powersync-backend-connector/testing';
import { describe, expect, it, vi } from 'vitest';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { Owner } from '../../../src/queue/owner-borders.ts';
import type { UploadEvent } from '../../../src/status/events.ts';
import { createPublisher } from '../../../src/status/publisher.ts';
import { type Deadline, startDeadline } from '../../../src/time/deadline.ts';
import type { Outcome } from '../../../src/transport/outcome.ts';
import type { Transport, TransportContext } from '../../../src/transport/transport.ts';
import { type AttemptParts, createAttempt } from '../../../src/upload/attempt.ts';
import type { Item } from '../../../src/upload/item.ts';
import { saysNothing } from '../../../src/upload/walk.ts';
import { deferred } from '../../support/connector.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

const NOW = 1_700_000_000_000;
const APPLIED: Outcome = { status: 'applied' };
const NOT_ATTEMPTED: Outcome = { status: 'not_attempted' };
const error = (code: UploadErrorCode, status?: number) => new UploadError(code, `No: ${code}.`, { status });
const refused = (code: UploadErrorCode = 'forbidden', members: object = {}): Outcome => ({
  status: 'rejected',
  error: error(code),
  ...members,
});

const of = (...keys: string[]) =>
  keys.map((key, index) => {
    const raw = [anEntry({ clientId: index + 1 })];
    return { raw, transaction: { key, entries: raw } };
  });

type Answer = (keys: string, token: string | undefined) => readonly Outcome[] | UploadError;

interface World {
  /** What the app has for tokens, one after the other was dropped; the last stays. */
  tokens?: readonly (string | null | Error)[];
  asksForToken?: boolean;
  owner?: Owner;
  userVersion?: () => number;
  deadline?: Deadline;
  transport?: Transport;
}

/** Sends to a backend that answers so; the log has each request, `a b <token>`, and each token that was dropped. */
function world(answer: Answer, set: World = {}) {
  const { tokens = ['t1', 't2'], asksForToken = true } = set;
  const log: string[] = [];
  const contexts: TransportContext[] = [];
  let at = 0;
  const source = {
    get: vi.fn(async () => {
      const token = tokens[Math.min(at, tokens.length - 1)] ?? null;
      if (token instanceof Error) throw token;
      return token;
    }),
    drop: vi.fn((token?: string) => {
      log.push(`drop ${token}`);
      if (token === tokens[at]) at++;
    }),
    forget: () => {},
    settled: async () => {},
    close: () => {},
    keepOnlyOf: async () => {},
    serverTime: () => {},
  };
  const transport: Transport = async ({ transactions }, context) => {
    contexts.push(context);
    const token = asksForToken ? await context.token() : undefined;
    const keys = transactions.map(({ key }) => key).join(' ');
    log.push(`${keys}${token === undefined ? '' : ` ${token}`}`);
    const outcomes = answer(keys, token);
    if (outcomes instanceof UploadError) throw outcomes;
    return outcomes;
  };
  const events: UploadEvent[] = [];
  const publisher = createPublisher();
  publisher.subscribe((event) => events.push(event));
  const deadline = startDeadline(60_000);
  deadline.end();
  const outlives = vi.fn<(work: Promise<unknown>) => void>();
  const database = new FakeQueue();
  const sending: AttemptParts = {
    options: { transport: set.transport ?? transport, clock: () => NOW },
    tokens: source,
    publisher,
    database,
    clientId: 'client',
    deadline: set.deadline ?? deadline,
    owner: set.owner,
    signedIn: {
      get version() {
        return (set.userVersion ?? (() => 0))();
      },
      is: () => {},
    },
    wasRefused: () => false,
    attempt: 3,
    outlives,
  };
  const attempt = createAttempt(sending);
  return {
    /** Returns the outcomes, each of which is of the transaction at its place. */
    async send(items: readonly Item[]): Promise<readonly Outcome[]> {
      const answers = await attempt(items);
      expect(answers.map(({ item }) => item)).toEqual(items);
      return answers.map(({ outcome }) => outcome);
    },
    log,
    contexts,
    events,
    publisher,
    source,
    outlives,
    database,
    deadline,
  };
}

/** What sending these came to: outcomes in short, or the code of what was thrown. */
async function result(sending: Promise<readonly Outcome[]>): Promise<string> {
  return sending.then(
    (outcomes) =>
      outcomes
        .map((outcome) =>
          outcome.status === 'rejected' || outcome.status === 'retry'
            ? `${outcome.status} ${outcome.error.code}`
            : outcome.status,
        )
        .join(', '),
    (thrown) => `throws ${UploadError.from(thrown).code}`,
  );
}

describe('sending', () => {
  it('gives the transport all that it may use', async () => {
    const { send, contexts, deadline } = world(() => [APPLIED]);
    expect(await send(of('a'))).toEqual([APPLIED]);
    expect(contexts[0]).toMatchObject({ attempt: 3, clientId: 'client', signal: deadline.signal });
    expect(contexts[0]?.timeLeftMs?.()).toBeGreaterThan(0);
    expect(Object.keys(contexts[0] ?? {})).not.toContain('mayRefresh');
  });

  it('tells of each request and its answer', async () => {
    const { send, events, publisher } = world((keys) => (keys === 'b' ? error('throttled') : [APPLIED]));
    await send(of('a'));
    await send(of('b')).catch(() => {});
    expect(events).toEqual([
      { type: 'attempt', key: 'a', transactions: 1, entries: 1, attempt: 3 },
      { type: 'answer', key: 'a', transactions: 1, entries: 1, attempt: 3, durationMs: 0 },
      { type: 'attempt', key: 'b', transactions: 1, entries: 1, attempt: 3 },
      { type: 'answer', key: 'b', transactions: 1, entries: 1, attempt: 3, durationMs: 0, code: 'throttled' },
    ]);
    expect(publisher.status).toMatchObject({ inFlight: undefined, counters: { attempts: 2 } });
  });

  it('shows what is in flight while it is', async () => {
    const { send, publisher } = world(() => [APPLIED, APPLIED]);
    const seen: unknown[] = [];
    publisher.subscribe(() => seen.push([publisher.status.phase, publisher.status.inFlight]));
    const entries = [anEntry({ clientId: 2 }), anEntry({ clientId: 3 })];
    await send([...of('a'), { raw: entries, transaction: { key: 'b', entries } }]);
    expect(seen).toEqual([
      ['uploading', { transactions: 2, entries: 3, attempt: 3 }],
      ['uploading', undefined],
    ]);
  });

  it.each([
    [undefined, 'no outcomes for 2'],
    [[APPLIED], '1 outcomes for 2'],
  ])('says what it got instead of outcomes: %j', async (outcomes, words) => {
    const { send } = world(() => outcomes as Outcome[]);
    await expect(send(of('a', 'b'))).rejects.toThrow(words);
  });

  it.each<[string, unknown]>([
    ['too few outcomes', [APPLIED]],
    ['too many outcomes', [APPLIED, APPLIED, APPLIED]],
    ['none', []],
    ['no list', undefined],
    ['null', null],
    ['an object that looks like a list', { length: 2, 0: APPLIED, 1: APPLIED }],
    ['an outcome that is null', [APPLIED, null]],
    ['an outcome that is text', [APPLIED, 'applied']],
    ['an outcome without a status', [APPLIED, {}]],
    ['an outcome with an unknown status', [APPLIED, { status: 'ok' }]],
    ['a hole in the list', Object.assign(new Array(2), { 0: APPLIED })],
  ])('believes nothing of an answer with %s', async (_, outcomes) => {
    const { send, log } = world(() => outcomes as Outcome[]);
    expect(await result(send(of('a', 'b')))).toBe('throws misconfigured');
    expect(log).toEqual(['a b t1']);
  });

  it('takes a transport that throws at once like one that throws later', async () => {
    const transport: Transport = () => {
      throw error('unavailable');
    };
    expect(await result(world(() => [], { transport }).send(of('a')))).toBe('throws unavailable');
  });

  it('starts nothing once the call is over', async () => {
    const { send, log, events, deadline } = world(() => [APPLIED]);
    deadline.abort(error('aborted'));
    expect(await result(send(of('a')))).toBe('throws aborted');
    expect([log, events]).toEqual([[], []]);
  });

  it('ends with the call, and tells of a transport that goes on', async () => {
    const end = deferred<readonly Outcome[]>();
    const { send, deadline, outlives, events } = world(() => [], { transport: () => end.promise });
    const sending = result(send(of('a')));
    await new Promise((resolve) => setImmediate(resolve));
    deadline.abort(error('timeout'));
    expect(await sending).toBe('throws timeout');
    expect(outlives).toHaveBeenCalledTimes(1);
    expect(events[events.length - 1]).toMatchObject({ type: 'answer', code: 'timeout' });
    let isOver = false;
    void outlives.mock.calls[0]?.[0].then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    end.resolve([APPLIED]);
    await outlives.mock.calls[0]?.[0];
    expect(isOver).toBe(true);
  });

  it('sends nothing with a token that came in its last moment', async () => {
    const { send, deadline, source, log } = world(() => [APPLIED]);
    const inTheLastMoment = {
      // biome-ignore lint/suspicious/noThenProperty: what comes between the token and whoever waits for it.
      then(resolve: (token: string) => void) {
        resolve('t1');
        deadline.abort(error('timeout'));
      },
    };
    source.get.mockReturnValue({ catch: () => inTheLastMoment } as never);
    expect(await result(send(of('a')))).toBe('throws timeout');
    expect(log).toEqual([]);
  });

  it('sends nothing where it ended while it was looked up who is signed in', async () => {
    const { send, deadline, database, contexts, log } = world(() => [APPLIED], { owner: 'ada' });
    database.getAll = async () =>
      [
        {
          get version() {
            deadline.abort(error('timeout'));
            return 0;
          },
        },
      ] as never;
    void result(send(of('a')));
    await vi.waitFor(() => expect(contexts).toHaveLength(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(deadline.error).toBeDefined();
    expect(log).toEqual([]);
  });

  it('tells of none that ended in time', async () => {
    const { send, outlives } = world((keys) => (keys === 'b' ? error('invalid') : [APPLIED]));
    await send(of('a'));
    await send(of('b')).catch(() => {});
    expect(outlives).not.toHaveBeenCalled();
  });
});

describe('a token that is refused is refreshed, and what was refused sent again:', () => {
  const unless =
    (token: string, instead: readonly Outcome[] | UploadError): Answer =>
    (keys, given) =>
      given === token ? keys.split(' ').map(() => APPLIED) : instead;

  it.each<UploadErrorCode>(['unauthenticated', 'forbidden'])(
    'the whole request, where that threw %s',
    async (code) => {
      const { send, log } = world(unless('t2', error(code)));
      expect(await result(send(of('a', 'b')))).toBe('applied, applied');
      expect(log).toEqual(['a b t1', 'drop t1', 'a b t2']);
    },
  );

  it.each<[string, Outcome]>([
    ['forbidden in band', refused('forbidden')],
    ['forbidden by the status of its request', refused('forbidden', { inBand: false })],
    ['unauthenticated in band', refused('unauthenticated')],
    ['unauthenticated as a retry', { status: 'retry', error: error('unauthenticated') }],
  ])('from the first transaction on, where that was refused: %s', async (_, outcome) => {
    const { send, log } = world(unless('t2', [outcome, NOT_ATTEMPTED, NOT_ATTEMPTED]));
    expect(await result(send(of('a', 'b', 'c')))).toBe('applied, applied, applied');
    expect(log).toEqual(['a b c t1', 'drop t1', 'a b c t2']);
  });

  it('from one in the middle on; what was applied before it keeps its outcome', async () => {
    const { send, log } = world(unless('t2', [APPLIED, APPLIED, refused(), NOT_ATTEMPTED]));
    expect(await result(send(of('a', 'b', 'c', 'd')))).toBe('applied, applied, applied, applied');
    expect(log).toEqual(['a b c d t1', 'drop t1', 'c d t2']);
  });

  it.each<[string, Outcome, string]>([
    ['is refused', refused('invalid'), 'rejected invalid'],
    ['has to be sent again', { status: 'retry', error: error('unavailable') }, 'retry unavailable'],
    ['was not attempted', NOT_ATTEMPTED, 'not_attempted'],
  ])('not behind one that %s: that is decided first', async (_, before, said) => {
    const answer = unless('t2', [APPLIED, before, refused(), refused('conflict')]);
    const { send, log } = world((keys, token) =>
      keys === 'c d' && token === 't1' ? error('forbidden') : answer(keys, token),
    );
    expect(await result(send(of('a', 'b', 'c', 'd')))).toBe(
      `applied, ${said}, not_attempted, rejected conflict`,
    );
    expect(log).toEqual(['a b c d t1']);
    expect(await result(send(of('c', 'd')))).toBe('applied, applied');
    expect(log).toEqual(['a b c d t1', 'c d t1', 'drop t1', 'c d t2']);
  });

  it('by the status of what the transport could not tell more of', async () => {
    const { send, log } = world(unless('t2', error('unclassified', 403)));
    expect(await result(send(of('a')))).toBe('applied');
    expect(log).toEqual(['a t1', 'drop t1', 'a t2']);
  });

  it('not at once if one behind it got no answer: it may be applied, which has to be remembered first', async () => {
    const lost: Outcome = { status: 'retry', error: error('network'), inBand: false };
    const { send, log } = world(unless('t2', [refused('forbidden'), lost]));
    const [first, second] = await send(of('a', 'b'));
    expect(first).toMatchObject({ status: 'retry', error: { code: 'forbidden' } });
    expect(second).toBe(lost);
    expect(log).toEqual(['a b t1', 'drop t1']);
    expect(await result(send(of('a', 'b')))).toBe('applied, applied');
  });

  it('not where others behind it were applied: then it was not the token', async () => {
    const { send, log } = world(() => [refused(), APPLIED]);
    expect(await result(send(of('a', 'b')))).toBe('rejected forbidden, applied');
    expect(log).toEqual(['a b t1']);
  });

  it('not where the transport did not ask for one', async () => {
    const inBand = world(() => [refused()], { asksForToken: false });
    expect(await result(inBand.send(of('a')))).toBe('rejected forbidden');
    const thrown = world(() => error('forbidden'), { asksForToken: false });
    expect(await result(thrown.send(of('a')))).toBe('throws forbidden');
    expect([...inBand.log, ...thrown.log]).toEqual(['a', 'a']);
  });

  it('not where nobody is signed in', async () => {
    const { send, log } = world(() => error('unauthenticated'), { tokens: [null] });
    expect(await result(send(of('a')))).toBe('throws unauthenticated');
    expect(log).toEqual(['a']);
  });

  it.each<UploadErrorCode>(['invalid', 'unavailable', 'misconfigured', 'conflict'])(
    'not where something else was: %s',
    async (code) => {
      const thrown = world(() => error(code));
      expect(await result(thrown.send(of('a')))).toBe(`throws ${code}`);
      const inBand = world(() => [refused(code)]);
      expect(await result(inBand.send(of('a')))).toBe(`rejected ${code}`);
      expect([...thrown.log, ...inBand.log]).toEqual(['a t1', 'a t1']);
    },
  );

  it('once in a call, for all its requests together: more would be a storm', async () => {
    const { send, log } = world(() => error('forbidden'), { tokens: ['t1', 't2', 't3'] });
    expect(await result(send(of('a', 'b')))).toBe('throws forbidden');
    expect(await result(send(of('a')))).toBe('throws forbidden');
    expect(log).toEqual(['a b t1', 'drop t1', 'a b t2', 'a t2']);
  });

  it('a fresh one that is refused as unauthenticated is dropped for the next call', async () => {
    const { send, log } = world(() => error('unauthenticated'), { tokens: ['t1', 't2', 't3'] });
    expect(await result(send(of('a')))).toBe('throws unauthenticated');
    expect(log).toEqual(['a t1', 'drop t1', 'a t2', 'drop t2']);
  });

  describe('where the rest fails again,', () => {
    const first = [APPLIED, refused(), NOT_ATTEMPTED];
    const again = (second: readonly Outcome[] | UploadError): Answer => {
      let calls = 0;
      return () => (calls++ === 0 ? first : second);
    };

    it('what was before it is settled all the same', async () => {
      const { send } = world(again(error('network')));
      const outcomes = await send(of('a', 'b', 'c'));
      expect(await result(Promise.resolve(outcomes))).toBe('applied, retry network, retry network');
      expect(outcomes.slice(1)).toMatchObject([{ inBand: false }, { inBand: false }]);
    });

    it('and what is said of it counts', async () => {
      const { send } = world(again([refused('conflict'), APPLIED]));
      expect(await result(send(of('a', 'b', 'c')))).toBe('applied, rejected conflict, applied');
    });

    it.each<UploadErrorCode>(['forbidden', 'invalid', 'unclassified'])(
      'the refusal of all of it together (%s) is left to the next call, which bisects it',
      async (code) => {
        const { send } = world(again(error(code)));
        expect(await result(send(of('a', 'b', 'c')))).toBe('applied, not_attempted, not_attempted');
      },
    );
  });
});

describe('where there is no other token,', () => {
  const expired = unsignedJwt({ exp: NOW / 1000 - 1 });
  const valid = unsignedJwt({ exp: NOW / 1000 + 60 });

  it.each<[string, World['tokens'], string]>([
    ['it can not be had now', ['t1', error('network')], 'network'],
    ['credentials() breaks', ['t1', new RangeError('bug')], 'unknown'],
    ['credentials() throws what would reject a write', ['t1', error('forbidden')], 'unknown'],
    ['nobody is signed in any more', ['t1', null], 'unauthenticated'],
    ['the one there is has run out', [expired], 'unauthenticated'],
    ['the one there is runs out this very moment', [unsignedJwt({ exp: NOW / 1000 })], 'unauthenticated'],
  ])('nothing is rejected: %s', async (_, tokens = [], code) => {
    const thrown = world(() => error('forbidden'), { tokens });
    expect(await result(thrown.send(of('a')))).toBe(`throws ${code}`);
    const inBand = world(() => [APPLIED, refused(), NOT_ATTEMPTED], { tokens });
    const outcomes = await inBand.send(of('a', 'b', 'c'));
    expect(await result(Promise.resolve(outcomes))).toBe(`applied, retry ${code}, not_attempted`);
    expect(outcomes[1]).toMatchObject({ inBand: false });
    expect(inBand.log.filter((line) => line.startsWith('a'))).toHaveLength(1);
  });

  it.each([['t1'], [valid]])(
    'a refusal is believed where the very same one came and is good: %#',
    async (token) => {
      const tokens = [token];
      const thrown = world(() => error('forbidden'), { tokens });
      expect(await result(thrown.send(of('a')))).toBe('throws forbidden');
      const inBand = world(() => [APPLIED, refused(), NOT_ATTEMPTED], { tokens });
      expect(await result(inBand.send(of('a', 'b', 'c')))).toBe('applied, rejected forbidden, not_attempted');
      expect(inBand.log).toEqual([`a b c ${token}`, `drop ${token}`]);
    },
  );

  it("it stays unauthenticated, in the backend's words", async () => {
    for (const token of ['t1', expired, valid]) {
      const said = error('unauthenticated');
      const { send } = world(() => said, { tokens: [token] });
      expect(await send(of('a')).catch((thrown) => thrown)).toBe(said);
    }
  });

  it('nothing was applied: what was sent with the old one has been answered', async () => {
    const { send } = world(() => error('forbidden'), { tokens: ['t1', error('network')] });
    const thrown = await send(of('a')).catch((failure) => failure);
    expect(thrown).toMatchObject({ code: 'network' });
    expect(saysNothing(thrown)).toBe(false);
  });

  it('the words of credentials() are shown', async () => {
    const { send } = world(() => error('forbidden'), { tokens: ['t1', new RangeError('bug')] });
    await expect(send(of('a'))).rejects.toMatchObject({ code: 'unknown', cause: { message: 'bug' } });
  });

  it('what credentials() threw is behind the error, where that would reject a write', async () => {
    const cause = error('forbidden');
    const { send } = world(() => error('forbidden'), { tokens: ['t1', cause] });
    await expect(send(of('a'))).rejects.toMatchObject({ code: 'unknown', cause });
  });

  it('the call may end meanwhile', async () => {
    const { send, source, deadline } = world(() => [APPLIED, refused()]);
    source.get.mockImplementationOnce(async () => 't1').mockImplementation(() => new Promise(() => {}));
    const sending = result(send(of('a', 'b')));
    await vi.waitFor(() => expect(source.get).toHaveBeenCalledTimes(2));
    deadline.abort(error('timeout'));
    expect(await sending).toBe('applied, retry timeout');
  });
});

describe('the owner of what is sent', () => {
  const tokenOf = (sub: unknown) => unsignedJwt({ sub });
  const sendAs = async (owner: Owner, token: string | null, set: World = {}) => {
    const { send, log } = world(() => [APPLIED], { owner, tokens: [token], ...set });
    return { result: await result(send(of('a'))), log };
  };

  it.each<[string, Owner, string | null]>([
    ['no owner is known', undefined, tokenOf('bob')],
    ['the token is theirs', 'ada', tokenOf('ada')],
    ['the token does not say whose it is', 'ada', 'opaque'],
    ['nobody is signed in, and there is no token', null, null],
    ['somebody is, and there is no token', 'ada', null],
  ])('may send: %s', async (_, owner, token) => {
    expect((await sendAs(owner, token)).result).toBe('applied');
  });

  it.each<[string, Owner, string]>([
    ['the token is of another one', 'ada', tokenOf('bob')],
    ['the number in the token is another one', '7', tokenOf(8)],
    ['nobody is signed in, and there is a token that says whose it is', null, tokenOf('ada')],
    ['nobody is signed in, and there is a token that does not say', null, 'opaque'],
  ])('may not: %s', async (_, owner, token) => {
    const sent = await sendAs(owner, token);
    expect(sent.result).toBe('throws owner_mismatch');
    expect(sent.log).toEqual([`drop ${token}`]);
  });

  it('may send with a number for a subject', async () => {
    expect((await sendAs('7', tokenOf(7))).result).toBe('applied');
  });

  it('may not once another tab has changed it', async () => {
    const { send, database, log } = world(() => [APPLIED], { owner: 'ada', tokens: ['opaque'] });
    await database.execute(
      'CREATE TABLE IF NOT EXISTS connector_owners (from_op_id INTEGER PRIMARY KEY NOT NULL, owner TEXT, version INTEGER NOT NULL)',
    );
    await database.execute("INSERT INTO connector_owners VALUES (1, 'bob', 1)");
    expect(await result(send(of('a')))).toBe('throws owner_mismatch');
    expect(log).toEqual(['drop opaque']);
  });
});
