import { BackendConnector, type CrudEntryLike } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { listRejected } from 'powersync-backend-connector/rejections';
import { describe, expect, it } from 'vitest';
import {
  type ConnectorSetup,
  type ContractConnector,
  connectorContract,
  fakeClock,
  type MemoryCrudTransaction,
  type MemoryDatabase,
  memoryDatabase,
  type ScriptedBackendOptions,
  scriptedBackend,
  scriptedLogin,
} from '../../../src/testing/index.ts';

/** The reference write API, as far as the contract goes. */
const writeApiForms: ScriptedBackendOptions = {
  read: ({ body }) =>
    JSON.parse(body).transactions.map((sent: { idempotency_key?: string; crud: { id: string }[] }) => ({
      rows: sent.crud.map(({ id }) => id),
      key: sent.idempotency_key,
    })),
  answer: (areApplied) => ({
    body: {
      results: areApplied.map((isApplied) =>
        isApplied
          ? { status: 'success' }
          : {
              status: 'fatal_error',
              requires_client_handling: false,
              failed_operation: { error_code: 'INVALID' },
            },
      ),
    },
  }),
};

const DEADLINE_MS = 500;

function ofTheLibrary(): ConnectorSetup {
  const database = memoryDatabase();
  const login = scriptedLogin();
  const clock = fakeClock();
  const backend = scriptedBackend(writeApiForms);
  const connector = new BackendConnector({
    endpoint: 'https://service.test',
    credentials: login.credentials,
    transport: writeApi({ url: 'https://api.test/api/data', fetch: backend.fetch }),
    retry: { timeoutMs: DEADLINE_MS },
    clock,
  });
  return {
    connector,
    database,
    backend,
    login,
    kept: async () => (await listRejected(database)).flatMap(({ entries }) => entries.map(({ id }) => id)),
    endWaits: () => clock.advance(3_600_000),
  };
}

describe('BackendConnector', () => {
  it.each(connectorContract)('$name', ({ run }) => run(ofTheLibrary));
});

// ---- connectors written by hand ------------------------------------------------------------------------------------

/** What a connector by hand is made of. The careful one passes; each of the others has one of these parts wrong. */
interface Parts {
  /** Reads what to send next. */
  next(db: MemoryDatabase): Promise<readonly Handle[]>;
  send(entries: readonly CrudEntryLike[], key: string, connector: ByHand): Promise<'applied' | 'refused'>;
  /** What to do about a refused transaction before it is completed. */
  keep(entries: readonly CrudEntryLike[], connector: ByHand): void;
  complete(db: MemoryDatabase, handle: Handle): Promise<void>;
  key(clientId: string, entries: readonly CrudEntryLike[]): string;
  /** Runs one upload at a time. */
  lane(connector: ByHand, task: () => Promise<void>): Promise<void>;
  failed(error: unknown, db: MemoryDatabase): Promise<void>;
  token(connector: ByHand): Promise<string | null>;
}

type Handle = Pick<MemoryCrudTransaction, 'crud' | 'complete'>;

interface ByHand {
  readonly backend: ReturnType<typeof scriptedBackend>;
  readonly login: ReturnType<typeof scriptedLogin>;
  readonly kept: string[];
  running: Promise<void>;
  asking: Promise<string | null> | undefined;
  cached: string | null | undefined;
}

const lastOf = ({ crud }: Handle): number | undefined => crud[crud.length - 1]?.clientId;

const post = async (entries: readonly CrudEntryLike[], key: string, { backend }: ByHand): Promise<Response> =>
  backend.fetch('https://api.test/api/data', {
    method: 'POST',
    body: JSON.stringify({
      transactions: [{ idempotency_key: key, crud: entries.map(({ id }) => ({ id })) }],
    }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });

const careful: Parts = {
  async next(db) {
    const transaction = await db.getNextCrudTransaction();
    return transaction ? [transaction] : [];
  },
  async send(entries, key, connector) {
    const response = await post(entries, key, connector);
    if (!response.ok) throw new Error(`${response.status}`);
    const [result] = JSON.parse(await response.text()).results;
    return result.status === 'success' ? 'applied' : 'refused';
  },
  keep: (entries, { kept }) => void kept.push(...entries.map(({ id }) => id)),
  async complete(db, handle) {
    const head = await db.getNextCrudTransaction();
    if (head && lastOf(head) === lastOf(handle)) await handle.complete();
  },
  key: (clientId, entries) => JSON.stringify([clientId, entries]),
  lane(connector, task) {
    connector.running = connector.running.then(task, task);
    return connector.running;
  },
  failed: async (error) => {
    throw error;
  },
  async token(connector) {
    connector.asking ??= connector.login.getToken().finally(() => {
      connector.asking = undefined;
    });
    return (await connector.asking) || null;
  },
};

function byHand(changes: Partial<Parts> = {}): () => ConnectorSetup {
  const parts = { ...careful, ...changes };
  return () => {
    const database = memoryDatabase();
    const self: ByHand = {
      backend: scriptedBackend(writeApiForms),
      login: scriptedLogin(),
      kept: [],
      running: Promise.resolve(),
      asking: undefined,
      cached: undefined,
    };
    const connector: ContractConnector = {
      async fetchCredentials() {
        const token = await parts.token(self);
        return token === null ? null : { token };
      },
      uploadData: (db: MemoryDatabase) =>
        parts.lane(self, async () => {
          try {
            for (const handle of await parts.next(db)) {
              const key = parts.key(await db.getClientId(), handle.crud);
              if ((await parts.send(handle.crud, key, self)) === 'refused') parts.keep(handle.crud, self);
              await parts.complete(db, handle);
            }
          } catch (error) {
            await parts.failed(error, db);
          }
        }),
    };
    const { backend, login, kept } = self;
    return { connector, database, backend, login, kept: () => kept, deadlineMs: 3_000 };
  };
}

describe('a careful connector by hand', () => {
  it.each(connectorContract)('$name', ({ run }) => run(byHand()));
});

/** Faults that connectors in use have, the case that finds each, and what it says. */
const faults: [fault: string, Partial<Parts>, finds: string, says: string][] = [
  [
    'completes in a catch-all',
    { failed: async (_, db) => void (await (await db.getNextCrudTransaction())?.complete()) },
    'keeps everything when the backend is unavailable (503)',
    'neither applied nor kept',
  ],
  [
    'passes the error to complete()',
    {
      failed: async (error, db) =>
        void (await (await db.getNextCrudTransaction())?.complete(error as string)),
    },
    'keeps everything when the backend cannot be reached',
    'neither applied nor kept',
  ],
  [
    'passes a write checkpoint to complete()',
    { complete: (_, handle) => handle.complete('42') },
    'uploads the queue in order, and completes it',
    'passed an argument to complete()',
  ],
  [
    'never looks at response.ok',
    { send: (...sent) => post(...sent).then(() => 'applied' as const) },
    'keeps everything when the backend is unavailable (503)',
    'neither applied nor kept',
  ],
  [
    'takes any 200 for success',
    {
      send: async (...sent) => {
        if (!(await post(...sent)).ok) throw new Error('failed');
        return 'applied';
      },
    },
    'keeps everything when the backend answers with a web page and status 200',
    'neither applied nor kept',
  ],
  [
    'takes any 200 that looks like JSON for success',
    {
      send: async (...sent) => {
        const response = await post(...sent);
        if (!response.headers.get('content-type')?.includes('json') || !response.ok)
          throw new Error('failed');
        return 'applied';
      },
    },
    'keeps everything when the backend sends half an answer',
    'neither applied nor kept',
  ],
  [
    'takes every 4xx for fatal',
    {
      send: async (...sent) => {
        const response = await post(...sent);
        if (response.status >= 400 && response.status < 500) return 'applied'; // "give up"
        if (!response.ok) throw new Error('failed');
        return JSON.parse(await response.text()).results[0].status === 'success' ? 'applied' : 'refused';
      },
    },
    'keeps everything when the backend refuses the token (401)',
    'neither applied nor kept',
  ],
  [
    'gives up what it had no answer to',
    {
      failed: async (error) => {
        if (!/Failed to fetch/.test(`${error}`)) throw error;
      },
    },
    'keeps everything when the backend applies the writes and its answer is lost',
    'the head of the queue has not moved',
  ],
  [
    'swallows its errors',
    { failed: async () => {} },
    'keeps everything when the backend is unavailable (503)',
    'the head of the queue has not moved',
  ],
  [
    'has no deadline',
    {
      send: async (entries, key, { backend }) => {
        const body = JSON.stringify({ transactions: [{ idempotency_key: key, crud: entries }] });
        const response = await backend.fetch('https://api.test/api/data', { method: 'POST', body });
        if (!response.ok) throw new Error('failed');
        return JSON.parse(await response.text()).results[0].status === 'success' ? 'applied' : 'refused';
      },
    },
    'keeps everything when the backend does not answer',
    'has not ended after 3000 ms',
  ],
  [
    'goes on behind a failure, and completes what is behind it',
    {
      async next(db) {
        const found: Handle[] = [];
        const iterator = db.getCrudTransactions()[Symbol.asyncIterator]();
        for (let next = await iterator.next(); !next.done; next = await iterator.next())
          found.push(next.value);
        return found;
      },
      send: (entries, key, connector) =>
        careful.send(entries, key, connector).catch(() => 'applied' as const),
    },
    'stops at a failure, and sends nothing after it',
    'neither applied nor kept',
  ],
  [
    'sends the newest first',
    {
      async next(db) {
        const found: Handle[] = [];
        const iterator = db.getCrudTransactions()[Symbol.asyncIterator]();
        for (let next = await iterator.next(); !next.done; next = await iterator.next())
          found.unshift(next.value);
        return found;
      },
      complete: async (_, handle) => handle.complete(),
    },
    'uploads the queue in order, and completes it',
    'had already left the queue',
  ],
  [
    'sends the entries of a transaction in another order',
    { send: (entries, ...others) => careful.send([...entries].reverse(), ...others) },
    'uploads the queue in order, and completes it',
    'rows were applied in the order a2,a1',
  ],
  [
    'reads batches, which cut transactions',
    {
      async next(db) {
        const batch = await db.getCrudBatch();
        return batch ? [batch] : [];
      },
      complete: (_, handle) => handle.complete(),
    },
    'keeps a long transaction whole',
    'a part of a transaction',
  ],
  [
    'completes all that is queued by then',
    { complete: async (db) => void (await (await db.getCrudBatch(1_000))?.complete()) },
    'keeps writes made during an upload',
    'neither applied nor kept',
  ],
  [
    'completes a handle that is stale',
    { complete: (_, handle) => handle.complete() },
    'completes nothing when the queue was cleared during the upload',
    'had already left the queue',
  ],
  [
    'completes by count',
    {
      complete: async (db, { crud }) => void (await (await db.getCrudBatch(crud.length))?.complete()),
    },
    'completes nothing when the queue was cleared during the upload',
    'neither applied nor kept',
  ],
  [
    'lets uploads overlap',
    { lane: (_, task) => task() },
    'does not send the same rows twice at once',
    'was in two requests at once',
  ],
  [
    'polls the backend although nothing is queued',
    {
      lane: async (connector, task) => {
        await post([], 'poll', connector);
        await careful.lane(connector, task);
      },
    },
    'leaves an empty queue alone',
    'sent a request',
  ],
  [
    'throws when nothing is queued',
    {
      next: async (db) => [(await db.getNextCrudTransaction()) ?? expect.fail('nothing to do')],
    },
    'leaves an empty queue alone',
    'must not throw',
  ],
  [
    'tries a refused transaction for ever',
    {
      keep: () => {
        throw new Error('refused');
      },
    },
    'goes on after a refused transaction, and keeps it for the user',
    'must not block those behind it',
  ],
  [
    'drops a refused transaction with a line in the log',
    { keep: () => {} },
    'goes on after a refused transaction, and keeps it for the user',
    'neither applied nor kept',
  ],
  [
    'keeps a refused transaction after it was completed',
    {
      keep: (entries, { kept }) => void setTimeout(() => kept.push(...entries.map(({ id }) => id)), 0),
      complete: async (db, handle) => {
        await careful.complete(db, handle);
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
    },
    'keeps a refused transaction before it leaves the queue',
    'before it was kept',
  ],
  [
    'has keys that are random',
    { key: () => `${Math.random()}` },
    'sends a transaction with the same key again',
    'the retry has another key',
  ],
  [
    'has no keys',
    { key: () => undefined as never },
    'sends a transaction with the same key again',
    'without',
  ],
  [
    'has one key for all',
    { key: (clientId) => clientId },
    'has another key for each transaction',
    'the same key',
  ],
  [
    'has keys of client id and op ids',
    { key: (clientId, entries) => `${clientId}:${entries[0]?.clientId}` },
    'has another key for other content with the same op ids',
    'include the content in the key',
  ],
  [
    'asks for a token for each caller',
    { token: async ({ login }) => (await login.getToken()) || null },
    'asks for a token once when several calls need it at the same time',
    'it asked 3 times',
  ],
  [
    'throws when nobody is signed in',
    { token: async (connector) => (await careful.token(connector)) ?? expect.fail('not signed in') },
    'returns null when nobody is signed in',
    'not signed in',
  ],
  [
    'hands on an empty token',
    { token: ({ login }) => login.getToken() },
    'returns null for an empty token, which the SDK would accept',
    'null for an empty token',
  ],
  [
    'says null on a network error',
    { token: (connector) => careful.token(connector).catch(() => null) },
    'throws while it is not known who is signed in, and asks again later',
    'must throw then',
  ],
  [
    'keeps a failure for ever',
    {
      token: (connector) => {
        connector.asking ??= connector.login.getToken();
        return connector.asking;
      },
    },
    'throws while it is not known who is signed in, and asks again later',
    'offline',
  ],
  [
    'caches the first token for ever',
    { token: async () => 'an.old.token' },
    'returns the token of the user who is signed in',
    'the token of the user who is signed in',
  ],
];

describe('a case that fails says so', () => {
  it.each(faults)('of a connector that %s', async (_, changes, finds, says) => {
    const found = connectorContract.find(({ name }) => name === finds);
    await expect(found?.run(byHand(changes))).rejects.toThrow(says);
  });

  it('for each case there is', () => {
    const tested = new Set(faults.map(([, , finds]) => finds));
    expect(connectorContract.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
  });

  it.each(connectorContract.filter(({ needs }) => needs !== undefined))(
    '$name: needs $needs',
    async ({ run }) => {
      const { login: _, kept: __, ...setup } = byHand({ key: () => undefined as never })();
      await expect(run(() => setup)).rejects.toThrow(/this case needs|without an idempotency key/);
    },
  );
});
