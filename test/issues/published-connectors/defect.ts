import { BackendConnector, type BackendConnectorOptions } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import {
  type FakeClock,
  fakeClock,
  type MemoryCrudTransaction,
  type MemoryDatabase,
  type MockResultsBackend,
  memoryDatabase,
  mockWriteApi,
} from 'powersync-backend-connector/testing';
import { describe, expect, it } from 'vitest';

/** What the SDK asks of a connector. */
export interface Connector {
  fetchCredentials(): Promise<{ token: string } | null>;
  uploadData(db: MemoryDatabase): Promise<void>;
}

/** Where a story plays: a device, its backend, and a connector between them. */
export interface Scene<C extends Connector = Connector> {
  readonly db: MemoryDatabase;
  readonly api: MockResultsBackend;
  readonly clock: FakeClock;
  readonly connector: C;
  /** What the SDK does: `uploadData()` again and again, until nothing is queued or it fails. */
  upload(): Promise<void>;
  /** Ids of the rows that are queued. */
  queued(): Promise<string[]>;
}

/** A connector as it is published: the careful part of it, with one part as it is in the wild. */
export type Published = (scene: Omit<Scene, 'connector' | 'upload'>) => Partial<Connector>;

/**
 * A defect of published connectors, as a story: it has to come true with `BackendConnector`, and to fail with the
 * connector that has the defect, so that the story is known to tell them apart.
 *
 * @param says What the failure with the published connector says.
 */
export function defect(
  name: string,
  published: Published,
  says: RegExp,
  story: (scene: Scene) => Promise<void>,
  options: Partial<BackendConnectorOptions> = {},
): void {
  describe(name, () => {
    it('does not happen to BackendConnector', () => story(ours(options)));
    it('is found in a connector that has it', () => expect(story(theirs(published))).rejects.toThrow(says));
  });
}

/** A story that only `BackendConnector` can tell, since published connectors have nothing of the kind. */
export function ours(options: Partial<BackendConnectorOptions> = {}): Scene<BackendConnector> {
  const world = createWorld();
  const connector = new BackendConnector({
    endpoint: 'https://service.test',
    credentials: async () => ({ token: 'token' }),
    transport: writeApi({ url: world.api.url, fetch: world.api.fetch }),
    clock: world.clock,
    random: () => 0,
    ...options,
  });
  return { ...world, connector, upload: () => uploadAll(world.db, connector) };
}

function theirs(published: Published): Scene {
  const world = createWorld();
  const connector: Connector = {
    fetchCredentials: async () => ({ token: 'token' }),
    async uploadData() {
      const transaction = await world.db.getNextCrudTransaction();
      if (!transaction) return;
      if (!(await post(world.api, transaction)).ok) throw new Error('upload failed');
      await transaction.complete();
    },
    ...published(world),
  };
  return { ...world, connector, upload: () => uploadAll(world.db, connector) };
}

function createWorld() {
  const db = memoryDatabase();
  const clock = fakeClock();
  const api = mockWriteApi({ url: 'https://api.test/api/data', clock });
  const queued = async () => (await db.getCrudBatch(1_000))?.crud.map(({ id }) => id) ?? [];
  return { db, clock, api, queued };
}

async function uploadAll(db: MemoryDatabase, connector: Connector): Promise<void> {
  for (let calls = 0; calls < 50 && (await db.getCrudBatch(1)); calls++) await connector.uploadData(db);
}

/** Sends what was read as one transaction, in the words of the reference write API, with a token but without a key. */
export function post(
  api: MockResultsBackend,
  { crud }: Pick<MemoryCrudTransaction, 'crud'>,
  init: { key?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  const entries = crud.map(({ id, op, table, opData }) => ({ id, op, table, op_data: opData ?? {} }));
  return api.fetch(api.url, {
    method: 'POST',
    headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
    body: JSON.stringify({ transactions: [{ idempotency_key: init.key, crud: entries }] }),
    ...(init.signal && { signal: init.signal }),
  }) as Promise<Response>;
}
