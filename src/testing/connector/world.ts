import type { BackendAnswer, ConnectorSetup } from './setup.ts';

/** A setup in use. It remembers the writes, and checks the rules after every upload. */
export interface World extends ConnectorSetup {
  /** Writes rows in one local transaction. */
  write(...rows: string[]): Promise<void>;
  /** Calls `uploadData()` once, as the SDK does. Returns what it threw. */
  upload(): Promise<unknown>;
  /** Uploads until the queue is empty, in at most this many calls. After a failure, it ends the connector's wait. */
  drain(calls?: number): Promise<void>;
  /** Ids of the queued rows, in order. */
  queued(): Promise<string[]>;
  /** Throws unless exactly these rows are queued. */
  expectQueued(what: string, ...rows: string[]): Promise<void>;
  /** Switches to another database, such as a copy. */
  useDatabase(database: ConnectorSetup['database']): void;
  /** Forgets the writes so far, after the queue was cleared on purpose. */
  forget(): void;
}

export function check(isTrue: boolean, message: string): asserts isTrue {
  if (!isTrue) throw new Error(`connectorContract: ${message}`);
}

export const FAILURES: Readonly<Record<Exclude<BackendAnswer, 'apply'>, string>> = {
  unavailable: 'is unavailable (503)',
  offline: 'cannot be reached',
  html: 'answers with a web page and status 200',
  truncated: 'sends half an answer',
  unauthenticated: 'refuses the token (401)',
  reply_lost: 'applies the writes and its answer is lost',
  hang: 'does not answer',
};

export function createWorld(setup: ConnectorSetup): World {
  const {
    connector,
    backend,
    endWaits,
    kept,
    table = 'lists',
    columns = { name: 'x' },
    deadlineMs = 5_000,
  } = setup;
  let { database } = setup;
  let written: string[] = [];
  /** The last op id of each transaction. */
  const ends = new Set<number>();

  async function crud() {
    return (await database.getCrudBatch(100_000))?.crud ?? [];
  }

  /** Checks the rules that always hold. */
  async function checkRules(): Promise<void> {
    const queue = (await crud()).map(({ id }) => id);
    const safe = new Set([...queue, ...backend.applied, ...((await kept?.()) ?? [])]);
    const lost = written.find((row) => !safe.has(row));
    check(
      lost === undefined,
      `the write of row "${lost}" has left the queue, and was neither applied nor kept as refused.`,
    );
    check(
      database.staleCompletions === 0,
      'it completed entries that had already left the queue, which stops downloads. Check the queue before complete().',
    );
    for (const { lastOpId, argument } of database.completions) {
      check(
        argument === undefined,
        'it passed an argument to complete(), which takes it for a write checkpoint.',
      );
      check(
        ends.has(lastOpId),
        'it completed a part of a transaction. Read whole transactions: getCrudBatch() can cut them.',
      );
    }
    const order = [...new Set(backend.applied)].filter((row) => written.includes(row));
    const wanted = written.filter((row) => order.includes(row));
    check(
      order.join() === wanted.join(),
      `rows were applied in the order ${order.join()}, not ${wanted.join()}.`,
    );
  }

  const world: World = {
    ...setup,
    get database() {
      return database;
    },
    async write(...rows) {
      await database.writeTransaction(async (transaction) => {
        for (const row of rows) await transaction.put(table, row, columns);
      });
      written.push(...rows);
      const queue = await crud();
      ends.add(queue[queue.length - 1]?.clientId ?? 0);
    },
    async upload() {
      const before = (await crud())[0]?.clientId;
      const thrown = await withDeadline(connector.uploadData(database), deadlineMs);
      const after = (await crud())[0]?.clientId;
      await checkRules();
      const hasStalled = thrown === undefined && after !== undefined && after === before;
      check(
        !hasStalled,
        'uploadData() returned, although the head of the queue has not moved. It must throw then.',
      );
      return thrown;
    },
    async drain(calls = 20) {
      for (let call = 0; call < calls && (await crud()).length > 0; call++) {
        if ((await world.upload()) !== undefined) await endWaits?.();
      }
    },
    queued: async () => (await crud()).map(({ id }) => id),
    async expectQueued(what, ...rows) {
      const found = await world.queued();
      check(
        found.join() === rows.join(),
        `${what}, the queue should hold ${rows.join() || 'nothing'}, but holds ${found.join() || 'nothing'}.`,
      );
    },
    useDatabase(other) {
      database = other;
    },
    forget() {
      written = [];
    },
  };
  return world;
}

/** Returns what the call threw. Throws if the call doesn't end in time. */
async function withDeadline(call: Promise<void>, deadlineMs: number): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = Symbol('late');
  const end = new Promise<typeof late>((resolve) => {
    timer = setTimeout(resolve, deadlineMs, late);
  });
  const settled = call.then(
    () => undefined,
    (thrown: unknown) => thrown ?? new Error('nothing'),
  );
  const result = await Promise.race([settled, end]);
  clearTimeout(timer);
  check(
    result !== late,
    `uploadData() has not ended after ${deadlineMs} ms. disconnect() waits for it as long.`,
  );
  return result;
}
