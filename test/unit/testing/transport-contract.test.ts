import type { Outcome, Transport, TransportContext, UploadBatch } from 'powersync-backend-connector';
import { UploadError } from 'powersync-backend-connector';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type TransportHarness, transportContract } from '../../../src/testing/transport-contract.ts';
import {
  type MemoryBackend,
  memoryHarness,
  memoryTransport,
  memoryTransportPerEntry,
  type Sendable,
} from './memory-backend.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe.each<[string, (backend: MemoryBackend) => Transport, boolean]>([
  ['of whole transactions', memoryTransport, true],
  ['of single entries', memoryTransportPerEntry, false],
])('a transport %s that keeps the contract', (_, make, atomic) => {
  test.each([...transportContract])('passes: $name', async ({ run }) => {
    await run(memoryHarness(make, { atomic }));
  });
});

test('a case whose fault the harness cannot make says so', async () => {
  const harness = memoryHarness(memoryTransport);
  await expect(
    caseOf('a web page is not an answer').run({ ...harness, backend: { ...harness.backend, faults: {} } }),
  ).rejects.toThrow('needs the fault "web-page"');
});

test('names are told apart, and each case has a transport below that it fails', () => {
  const names = transportContract.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect([...new Set(BROKEN.map(([name]) => name))].sort()).toEqual([...names].sort());
});

// ---- transports that break the contract -------------------------------------------------------------------------------

type Make = (backend: MemoryBackend) => Transport;

const applied: Outcome = { status: 'applied' };
const rejected = (code: 'invalid' | 'not_found'): Outcome => ({
  status: 'rejected',
  error: new UploadError(code, 'Refused.'),
});

/** Changes what the good transport is given, or what it returns. */
function around(
  change: (
    send: (changed?: UploadBatch, context?: TransportContext) => Promise<readonly Outcome[]>,
    batch: UploadBatch,
    context: TransportContext,
    backend: MemoryBackend,
  ) => Promise<readonly Outcome[]>,
): Make {
  return (backend) => {
    const good = memoryTransport(backend);
    return (batch, context) =>
      change((changed = batch, other = context) => good(changed, other), batch, context, backend);
  };
}

/** Changes each entry on its way. */
function entries(change: (entry: Sendable['entries'][number]) => object): Make {
  return around((send, { transactions }) =>
    send({
      transactions: transactions.map((each) => ({
        ...each,
        entries: each.entries.map((entry) => ({ ...entry, ...change(entry) })),
      })),
    }),
  );
}

const keys = (change: (key: string) => string): Make =>
  around((send, { transactions }) =>
    send({ transactions: transactions.map((each) => ({ ...each, key: change(each.key) })) }),
  );

/** Takes what fails in this way for a success. */
const swallowing = (mask: (error: UploadError) => boolean): Make =>
  around(async (send, { transactions }) => {
    try {
      return await send();
    } catch (thrown) {
      if (mask(UploadError.from(thrown))) return transactions.map(() => applied);
      throw thrown;
    }
  });

const rethrowing = (change: (error: UploadError, batch: UploadBatch, token: string) => unknown): Make =>
  around(async (send, batch, context) => {
    try {
      return await send();
    } catch (thrown) {
      throw change(UploadError.from(thrown), batch, (await context.token()) ?? '');
    }
  });

const misread = swallowing(({ code }) => code === 'misconfigured');

const BROKEN: readonly [
  name: string,
  how: string,
  make: Make,
  says: RegExp,
  changes?: Partial<TransportHarness>,
][] = [
  [
    'each transaction gets one outcome, in order, and the first is attempted',
    'forgets an outcome',
    around(async (send) => (await send()).slice(1)),
    /returned 2 outcomes for 3/,
  ],
  [
    'each transaction gets one outcome, in order, and the first is attempted',
    'attempts nothing',
    around(async (_, { transactions }) => transactions.map(() => ({ status: 'not_attempted' }))),
    /first transaction was not attempted/,
  ],
  [
    'each transaction gets one outcome, in order, and the first is attempted',
    'sends one and reports all',
    around(async (send, { transactions }) => {
      await send({ transactions: transactions.slice(0, 1) });
      return transactions.map(() => applied);
    }),
    /3 transactions are reported as applied, the table lacks/,
  ],
  [
    'each transaction gets one outcome, in order, and the first is attempted',
    'sends all and reports one',
    around(async (send, { transactions }) => {
      await send();
      return transactions.map((_, index) => (index === 0 ? applied : { status: 'not_attempted' }));
    }),
    /1 transactions are reported as applied, the table lacks/,
  ],
  [
    'each transaction gets one outcome, in order, and the first is attempted',
    'has a status of its own',
    around(async (_, { transactions }) => transactions.map(() => ({ status: 'ok' }) as unknown as Outcome)),
    /unknown status "ok"/,
  ],
  [
    'PUT, PATCH and DELETE have exactly their effect',
    'drops nulls',
    entries(({ opData }) => ({
      opData: Object.fromEntries(Object.entries(opData ?? {}).filter(([, value]) => value !== null)),
    })),
    /after PATCHes and a DELETE, the table lacks/,
  ],
  [
    'PUT, PATCH and DELETE have exactly their effect',
    'drops what is empty',
    entries(({ opData }) => ({
      opData: Object.fromEntries(Object.entries(opData ?? {}).map(([name, value]) => [name, value || null])),
    })),
    /after PUTs, the table lacks/,
  ],
  [
    'PUT, PATCH and DELETE have exactly their effect',
    'sends no DELETE',
    around((send, { transactions }) =>
      send({
        transactions: transactions.map((each) => ({
          ...each,
          entries: each.entries.filter(({ op }) => op !== 'DELETE'),
        })),
      }),
    ),
    /after PATCHes and a DELETE/,
  ],
  [
    'changes to one row are applied in order',
    'turns the entries of a transaction round',
    around((send, { transactions }) =>
      send({ transactions: transactions.map((each) => ({ ...each, entries: [...each.entries].reverse() })) }),
    ),
    /in order, the table lacks/,
  ],
  [
    'changes to one row are applied in order',
    'turns the transactions round',
    around((send, { transactions }) => send({ transactions: [...transactions].reverse() })),
    /in order, the table lacks/,
  ],
  [
    'a DELETE of a missing row is applied',
    'rejects it',
    around(async (send, batch, _, backend) => {
      const [entry] = batch.transactions[0]?.entries ?? [];
      return entry?.op === 'DELETE' && !backend.rows.has(entry.id) ? [rejected('not_found')] : send();
    }),
    /a good transaction was/,
  ],
  [
    'a large batch is delivered in several calls, and nothing twice',
    'sends what fits and reports all',
    around(async (send, { transactions }) => {
      await send();
      return transactions.map(() => applied);
    }),
    /after 120 PUTs/,
  ],
  [
    'a large batch is delivered in several calls, and nothing twice',
    'sends everything twice',
    around(async (send, { transactions }) => {
      await send();
      return send({ transactions: transactions.map((each) => ({ ...each, key: `${each.key}!` })) });
    }),
    /120 writes were executed 240 times/,
  ],
  [
    'a large batch is delivered in several calls, and nothing twice',
    'stops after the first request',
    (backend) => {
      const good = memoryTransport(backend);
      return async (batch, context) => {
        if (backend.requests > 0) throw new UploadError('unavailable', 'Enough.');
        return good(batch, context);
      };
    },
    /neither applied nor rejected: \[unavailable\] Enough/,
  ],
  [
    'a refused transaction is rejected',
    'retries it for ever',
    around(async (send) =>
      (await send()).map((outcome) =>
        outcome.status === 'rejected' ? { status: 'retry', error: outcome.error } : outcome,
      ),
    ),
    /the backend refuses the only transaction, but its outcomes are retry/,
  ],
  [
    'transactions around a refused one are applied',
    'reports what is behind it as applied',
    around(async (send) =>
      (await send()).map((outcome) => (outcome.status === 'not_attempted' ? applied : outcome)),
    ),
    /around a refusal, the table lacks/,
  ],
  [
    'transactions around a refused one are applied',
    'reports the refusal at another place',
    around(async (send) => [...(await send())].reverse()),
    /only the second is refused|first transaction was not attempted/,
  ],
  [
    'transactions around a refused one are applied',
    'rejects what is behind it, too',
    around(async (send) =>
      (await send()).map((outcome) => (outcome.status === 'not_attempted' ? rejected('invalid') : outcome)),
    ),
    /only the second is refused/,
  ],
  [
    'a transaction with a refused entry is all or nothing, or lists what was applied',
    'promises to be atomic and is not',
    memoryTransportPerEntry,
    /promises to be atomic, but entries \[0\] were applied/,
  ],
  [
    'a transaction with a refused entry is all or nothing, or lists what was applied',
    'does not tell what it applied',
    (backend) => {
      const good = memoryTransportPerEntry(backend);
      return async (batch, context) =>
        (await good(batch, context)).map((outcome) =>
          outcome.status === 'rejected' ? { ...outcome, appliedEntries: undefined } : outcome,
        );
    },
    /entries \[0\] were applied, but `appliedEntries` is \[\]/,
    { atomic: false },
  ],
  [
    'a transaction with a refused entry is all or nothing, or lists what was applied',
    'throws instead of telling what it applied',
    (backend) => {
      const good = memoryTransportPerEntry(backend);
      return async (batch, context) => {
        const [outcome] = await good(batch, context);
        if (outcome && 'error' in outcome) throw outcome.error;
        return [applied];
      };
    },
    /entries \[0\] were applied, but `appliedEntries` is \[\]/,
    { atomic: false },
  ],
  [
    'a transaction with a refused entry is all or nothing, or lists what was applied',
    'blames another entry',
    around(async (send) =>
      (await send()).map((outcome) =>
        outcome.status === 'rejected' ? { ...outcome, entryIndex: 0 } : outcome,
      ),
    ),
    /entry 1 is at fault, but `entryIndex` is 0/,
  ],
  [
    'a transaction that is sent again after a restart does no harm',
    'makes a key for each try',
    keys((key) => `${key}-${Math.random()}`),
    /after a replay, the table lacks/,
  ],
  [
    'a transaction that is sent again after a restart does no harm',
    'rejects a replay',
    around(async (send, _batch, _context, { executions }) =>
      executions > 0 ? [rejected('invalid')] : send(),
    ),
    /it was applied before, but its outcomes are rejected/,
    { idempotent: false },
  ],
  [
    'another key is another write, even with the same op ids',
    'leaves the hash out of the key',
    keys((key) => key.replace(/:[^:]*$/, '')),
    /after a write with the op ids of an older one/,
  ],
  [
    'a lost reply is a temporary failure, and the retry settles it',
    'takes it for a success',
    swallowing(({ code }) => code === 'network'),
    /when the reply is lost, nothing may be reported as applied/,
  ],
  [
    'a lost reply is a temporary failure, and the retry settles it',
    'rejects it',
    rethrowing(() => new UploadError('invalid', 'Something went wrong.')),
    /when the reply is lost, the writes must be kept/,
  ],
  [
    'a lost reply is a temporary failure, and the retry settles it',
    'makes a key for each try',
    keys((key) => `${key}-${Math.random()}`),
    /one write was executed 2 times/,
  ],
  [
    'an unreachable backend is a network failure',
    'does not say so',
    rethrowing(() => new Error('Something went wrong.')),
    /must be "network", not "unknown"/,
  ],
  [
    'a server error keeps the writes',
    'rejects what fails',
    rethrowing(() => new UploadError('invalid', 'Something went wrong.')),
    /the writes must be kept/,
  ],
  [
    'an unavailable server keeps the writes',
    'takes it for a success',
    swallowing(({ code }) => code === 'unavailable'),
    /nothing may be reported as applied/,
  ],
  ['a web page is not an answer', 'reads no answer', misread, /nothing may be reported as applied/],
  ['an empty success is not an answer', 'reads no answer', misread, /nothing may be reported as applied/],
  [
    'a success in another form is not an answer',
    'reads no answer',
    misread,
    /nothing may be reported as applied/,
  ],
  ['half an answer is not an answer', 'reads no answer', misread, /nothing may be reported as applied/],
  [
    'half an answer is not an answer',
    'rejects the writes',
    around(async (send, { transactions }) => send().catch(() => transactions.map(() => rejected('invalid')))),
    /nothing may be reported as applied or rejected/,
  ],
  [
    'an answer that breaks off is not an answer',
    'is content with the status',
    swallowing(({ code }) => code === 'network'),
    /nothing may be reported as applied/,
  ],
  [
    'an abort ends the call promptly',
    'reports it as an outcome',
    around((send, { transactions }) =>
      send().catch((thrown) =>
        transactions.map(() => ({ status: 'retry', error: UploadError.from(thrown) }) as const),
      ),
    ),
    /must reject, but it returned 1 outcomes/,
  ],
  [
    'an abort ends the call promptly',
    'calls it something else',
    rethrowing(() => new UploadError('network', 'Gone.')),
    /must throw "aborted" or an AbortError, not \[network\] Gone/,
  ],
  [
    'a refused sign-in is thrown as unauthenticated',
    'reports it as an outcome',
    around((send, { transactions }) =>
      send().catch((thrown) =>
        transactions.map(() => ({ status: 'retry', error: UploadError.from(thrown) }) as const),
      ),
    ),
    /must throw "unauthenticated", but its outcomes are retry "unauthenticated"/,
  ],
  [
    'a refused sign-in is thrown as unauthenticated',
    'rejects the write',
    rethrowing(() => new UploadError('forbidden', 'No.')),
    /must throw "unauthenticated", but it threw "forbidden"/,
  ],
  ['each call asks for the current token', 'keeps the first one', keepsTheToken, /a call did not ask/],
  [
    'each call asks for the current token',
    'asks and sends the first one',
    (backend) => {
      const good = keepsTheToken(backend);
      return async (batch, context) => {
        await context.token();
        return good(batch, context);
      };
    },
    /must throw "unauthenticated", but its outcomes are applied/,
  ],
  [
    'nothing is sent while nobody is signed in',
    'sends "undefined"',
    around((send, batch, context) =>
      send(batch, { ...context, token: async () => String(await context.token()) }),
    ),
    /but 1 requests were sent/,
  ],
  [
    'no id ever changes the row of another id',
    'puts ids into paths as they are',
    entries(({ id }) => ({
      id: new URL(`http://backend.test/rows/${id.replace('//', '')}`).pathname.replace('/rows/', ''),
    })),
    /of the id ".*", the table lacks/,
  ],
  [
    'no id ever changes the row of another id',
    'unescapes ids',
    entries(({ id }) => {
      try {
        return { id: decodeURIComponent(id) };
      } catch {
        return {};
      }
    }),
    /of the id ".*", the table lacks/,
  ],
  [
    'no id ever changes the row of another id',
    'trims ids',
    entries(({ id }) => ({ id: id.trim() })),
    /of the id ".*", the table lacks/,
  ],
  [
    'column values are stored exactly, or refused',
    'trims texts',
    entries(({ opData }) => texts(opData, (text) => text.trim())),
    /after a write of/,
  ],
  [
    'column values are stored exactly, or refused',
    'normalises texts',
    entries(({ opData }) => texts(opData, (text) => text.normalize('NFC'))),
    /after a write of/,
  ],
  [
    'column values are stored exactly, or refused',
    'makes numbers whole',
    entries(({ opData }) => ({ opData: { ...opData, amount: opData?.amount && Math.floor(opData.amount) } })),
    /after a write of \{"amount":0.1\}/,
  ],
  [
    'column values are stored exactly, or refused',
    'stores nothing',
    around(async (_, { transactions }) => transactions.map(() => rejected('invalid'))),
    /none of them was stored/,
  ],
  [
    'errors contain neither the token nor row data',
    'shows the token',
    rethrowing((error, _, token) => new UploadError(error.code, `With ${token}`)),
    /after the fault "offline", an error holds the token/,
  ],
  [
    'errors contain neither the token nor row data',
    'shows the body in a cause',
    rethrowing(
      (error, batch) =>
        new UploadError(error.code, 'See cause', {
          cause: new UploadError('unknown', JSON.stringify(batch)),
        }),
    ),
    /after the fault "offline", an error holds row data/,
  ],
  [
    'errors contain neither the token nor row data',
    'keeps the row in a member that is not shown',
    around(async (send, { transactions }) =>
      (await send()).map((outcome) => {
        if ('error' in outcome)
          Object.defineProperty(outcome.error, 'rows', { value: transactions, enumerable: false });
        return outcome;
      }),
    ),
    /after a refused row, an error holds row data/,
  ],
];

test.each(BROKEN)('"%s" is not passed by a transport that %s', async (name, _, make, says, changes) => {
  const run = caseOf(name).run(memoryHarness(make, changes));
  await expect(run).rejects.toThrow(says);
  await expect(run).rejects.toThrow('The transport breaks its contract: ');
});

test('"an abort ends the call promptly" is not passed by a transport that does not hear of it', async () => {
  vi.useFakeTimers();
  const deaf = around((send, batch, context) =>
    send(batch, { ...context, signal: new AbortController().signal }),
  );
  const run = caseOf('an abort ends the call promptly').run(memoryHarness(deaf));
  const failed = expect(run).rejects.toThrow('it took more than 10000 ms to settle');
  await vi.advanceTimersByTimeAsync(30_000);
  await failed;
});

function caseOf(name: string): (typeof transportContract)[number] {
  const found = transportContract.find((each) => each.name === name);
  if (!found) throw new Error(`There is no case "${name}"`);
  return found;
}

function keepsTheToken(backend: MemoryBackend): Transport {
  const good = memoryTransport(backend);
  let kept: string | undefined;
  return async (batch, context) => {
    kept ??= await context.token();
    return good(batch, { ...context, token: async () => kept });
  };
}

function texts(opData: Record<string, unknown> | undefined, change: (text: string) => string) {
  return {
    opData: Object.fromEntries(
      Object.entries(opData ?? {}).map(([name, value]) => [
        name,
        typeof value === 'string' ? change(value) : value,
      ]),
    ),
  };
}
