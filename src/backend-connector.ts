import { createTokenSource } from './auth/token-cache.ts';
import type { ConnectorDatabase } from './database/database.ts';
import { UploadError } from './error/upload-error.ts';
import { type BackendConnectorOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import {
  type ClearableDatabase,
  type DrainAndClearOptions,
  type DrainAndClearReport,
  drainAndClear,
  type Leftover,
} from './owners/drain-and-clear.ts';
import { createBatchReader } from './queue/batch-reader.ts';
import { currentOwner, readBorders, versionOf, writeBorder } from './queue/owner-borders.ts';
import { createUnanswered } from './queue/unanswered.ts';
import type { UploadEvent } from './status/events.ts';
import { createPublisher } from './status/publisher.ts';
import { createQueueCounter } from './status/queue-counter.ts';
import type { UploadStatus } from './status/upload-status.ts';
import { createGate } from './time/gate.ts';
import type { PlatformAbortSignal } from './transport/platform.ts';
import { createAdaptiveLimit } from './upload/adaptive-limit.ts';
import { createBatchUpload } from './upload/batch.ts';
import { createBreaker } from './upload/breaker.ts';
import { createDecisions } from './upload/decide.ts';
import { keepUploading } from './upload/keep-uploading.ts';
import { createPostCheckpointRequest } from './upload/post-checkpoint-request.ts';
import { createRejecting } from './upload/rejecting.ts';
import { createSignedIn } from './upload/signed-in.ts';
import { createUploader } from './upload/uploader.ts';

/** What `drain()` came to. */
export interface DrainReport {
  /** True when the queue is empty. */
  readonly drained: boolean;
  /** Transactions that the backend applied during this drain. */
  readonly applied: number;
  /** Transactions that were rejected and left the queue. */
  readonly rejected: number;
  /** Entries that are still queued. */
  readonly remainingEntries: number;
  /** Why it ended early. */
  readonly error?: UploadError;
}

/**
 * The connector between a PowerSync database and an app's backend: it hands tokens to the SDK and uploads the local
 * writes, and never loses, reorders, leaks or silently drops one. Make one for each database.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { writeApi } from 'powersync-backend-connector/http';
 * import type { PowerSyncDatabase } from '@powersync/web';
 *
 * declare const db: PowerSyncDatabase;
 * declare function getToken(): Promise<string | null>;
 *
 * const connector = new BackendConnector({
 *   endpoint: 'https://example.powersync.journeyapps.com',
 *   credentials: async () => {
 *     const token = await getToken();
 *     return token === null ? null : { token };
 *   },
 *   transport: writeApi({ url: 'https://api.example.com/api/data' }),
 * });
 * await db.connect(connector);
 * ```
 */
export class BackendConnector {
  readonly #parts: Parts;
  /** The token the SDK got last. */
  #handed: string | undefined;
  /** Ends when the last change of users has ended. */
  #turn: Promise<unknown> = Promise.resolve();
  #isExporting = false;

  /** What the connector is doing: an immutable snapshot, replaced before each event. */
  declare readonly status: UploadStatus;

  /** Called by the SDK in checkpoint mode `requests`. Exists only where the option of this name is set. */
  declare readonly postCheckpointRequest?: (clientId: string, requestId: string) => Promise<string>;

  /** @throws TypeError naming the option that is missing, misspelt or out of range. */
  constructor(options: BackendConnectorOptions) {
    const parts = wire(resolveOptions(options));
    const { publisher, tokens, uploader } = parts;
    const { endpoint, transport, postCheckpointRequest } = parts.options;
    this.#parts = parts;
    // Private members are those of this object: not of a proxy around it (Vue, Pinia, MobX), nor of a method on its own.
    for (const name of METHODS) this[name] = this[name].bind(this) as never;
    Object.defineProperty(this, 'status', { enumerable: true, get: () => publisher.status });
    if (postCheckpointRequest) {
      this.postCheckpointRequest = createPostCheckpointRequest(
        postCheckpointRequest,
        tokens,
        uploader.during,
      );
    }
    if (`${transport.url}/`.startsWith(`${endpoint}/`)) {
      console.warn(
        `powersync-backend-connector: endpoint (${endpoint}) is also where the transport sends writes. ` +
          'It must be the URL of the PowerSync Service, not of your backend.',
      );
    }
  }

  /**
   * Called by the SDK for a token; served from the token cache.
   *
   * @returns null when nobody is signed in.
   * @throws what `credentials` threw: it can't be known now.
   */
  async fetchCredentials(): Promise<{ endpoint: string; token: string } | null> {
    this.#parts.uploader.checkOpen();
    const { options, tokens } = this.#parts;
    const token = await tokens.get();
    this.#handed = token ?? undefined;
    return token === null ? null : { endpoint: options.endpoint, token };
  }

  /** Called by the SDK when the Service refused its token. Drops exactly that token, not a newer one. */
  invalidateCredentials(): void {
    this.#parts.tokens.drop(this.#handed);
  }

  /**
   * Called by the SDK while writes are queued: uploads one batch from the head of the queue. Ends within
   * `retry.timeoutMs`, and never waits for a back-off: until that is over, it throws the last error again.
   *
   * @throws UploadError when the head of the queue has to stay; the SDK calls again.
   */
  async uploadData(database: ConnectorDatabase): Promise<void> {
    await this.#parts.uploader.upload(database);
  }

  /**
   * Uploads all that is queued, with or without a sync stream (the SDK's own uploads stop while its stream is down), for
   * example in a background task. Doesn't wait for the connector's own back-off, but for what the backend asked.
   * It never throws: the report says what is left and why.
   *
   * @param database Whose queue is uploaded.
   * @param options What ends it.
   * @param options.signal Ends it early, when it is aborted.
   */
  async drain(
    database: ConnectorDatabase,
    { signal }: { readonly signal?: PlatformAbortSignal | undefined } = {},
  ): Promise<DrainReport> {
    const { publisher } = this.#parts;
    const before = publisher.status.counters;
    let error: UploadError | undefined;
    try {
      while (await this.#parts.uploader.upload(database, { evenIfBackingOff: true, signal }));
    } catch (thrown) {
      error = UploadError.from(thrown);
    }
    const { applied, rejected } = publisher.status.counters;
    const remainingEntries = error ? await this.#countRemaining(database) : 0;
    return {
      drained: !error,
      applied: applied - before.applied,
      rejected: rejected - before.rejected,
      remainingEntries,
      ...(error && { error }),
    };
  }

  /** Counts the queue; a database that can't be read (it was closed) has what it had when it was last read. */
  async #countRemaining(database: ConnectorDatabase): Promise<number> {
    try {
      return (await database.getUploadQueueStats()).count;
    } catch {
      return this.status.queuedEntries ?? 0;
    }
  }

  /**
   * Uploads in the background until the signal is aborted or `close()` is called: at once, on new writes, when a
   * back-off is over, and when the device comes online. Use it where writes must go out while the PowerSync Service
   * can't be reached; it and the SDK's own uploads take turns.
   *
   * @returns a promise that ends with it, and that no failed upload rejects.
   * @throws UploadError `aborted` if the connector is closed.
   */
  async keepUploading(
    database: ConnectorDatabase,
    { signal }: { readonly signal: PlatformAbortSignal },
  ): Promise<void> {
    if (this.status.phase === 'closed') this.#parts.uploader.checkOpen();
    if (signal.aborted) return;
    const upload = (): Promise<boolean> => this.#parts.uploader.upload(database, { signal });
    const waitMs = (): number => (this.status.nextAttemptAt ?? 0) - this.#parts.options.clock();
    await keepUploading(database, signal, upload, waitMs, (listener) => this.subscribe(listener));
  }

  /**
   * Says who writes from now on: call it at sign-in with the user's id, and at sign-out with null, before the app writes
   * for them. Writes queued before stay those of who was named then, and are never uploaded in another's name: they wait,
   * with `status.phase` `owner-mismatch`, and so does what is behind them.
   *
   * Where tokens are JWTs with a `sub`, the id has to be that, since it is compared. Uploads in flight are aborted, and
   * the token cache is emptied if the owner is another one. Writes from before the first call belong to nobody in
   * particular, and go out as ever.
   */
  async setOwner(database: ConnectorDatabase, owner: string | null): Promise<void> {
    if (owner !== null && (typeof owner !== 'string' || owner === '')) {
      throw new TypeError('setOwner: the owner must be the id of a user, or null when nobody is signed in.');
    }
    await this.#inTurn(async () => {
      const { tokens, signedIn, gate } = this.#parts;
      if (currentOwner(await readBorders(database)) === owner) {
        await tokens.keepOnlyOf(owner); // The app may have been killed before the token of the last one was dropped.
        return;
      }
      await this.#parts.uploader.pauseWhile(async () => {
        tokens.forget();
        await writeBorder(database, owner);
        signedIn.is(versionOf(await readBorders(database)));
        gate.reset();
        await tokens.settled();
      });
      this.#parts.uploader.openGate();
    });
  }

  /**
   * For signing out: tries to upload what is queued, does with the rest as told, then clears the database
   * (`disconnectAndClear()`), the rejected writes and the token cache. Safe with an upload in flight. The app should not
   * write meanwhile: what is written after the last look is cleared too.
   *
   * @throws TypeError naming the option that is missing or wrong.
   *
   * @example
   * ```ts
   * import type { BackendConnector } from 'powersync-backend-connector';
   * import type { PowerSyncDatabase } from '@powersync/web';
   *
   * export async function signOut(db: PowerSyncDatabase, connector: BackendConnector): Promise<string> {
   *   const { cleared, leftEntries } = await connector.drainAndClear(db, { unsent: 'keep', timeoutMs: 10_000 });
   *   return cleared ? 'Signed out.' : `${leftEntries} changes are not saved yet. Sign out all the same?`;
   * }
   * ```
   */
  drainAndClear(database: ClearableDatabase, options: DrainAndClearOptions): Promise<DrainAndClearReport> {
    const { export: keep } = options;
    const exporting = async (left: Leftover): Promise<void> => {
      this.#isExporting = true;
      try {
        await keep?.(left);
      } finally {
        this.#isExporting = false;
      }
    };
    const wrapped = typeof keep === 'function' ? { ...options, export: exporting } : options;
    const { clock, retry } = this.#parts.options;
    const parts = { ...this.#parts, clock, callTimeoutMs: retry.timeoutMs };
    return this.#inTurn(() => drainAndClear(parts, database, wrapped));
  }

  /**
   * Calls `database.disconnect()`, which on Node and React Native waits for a running upload, and aborts that upload: what
   * the backend has applied of it is recognised by its key next time. Uploads go on with the next `connect()`.
   */
  disconnect(database: { disconnect(): Promise<void> }): Promise<void> {
    return this.#inTurn(() => this.#parts.uploader.pauseWhile(() => database.disconnect()));
  }

  /**
   * Calls back with every step of the upload path. Returns the function that ends it.
   *
   * @example
   * ```tsx
   * import { useSyncExternalStore } from 'react';
   * import type { BackendConnector } from 'powersync-backend-connector';
   *
   * export function useUploadStatus(connector: BackendConnector) {
   *   return useSyncExternalStore((changed) => connector.subscribe(changed), () => connector.status);
   * }
   * ```
   */
  subscribe(listener: (event: UploadEvent) => void): () => void {
    return this.#parts.publisher.subscribe(listener);
  }

  /**
   * Says that refusals are the writes' fault: they are believed at once again, and the next upload is tried at once.
   * Without it, each one is believed after ten minutes while `status.breaker` is `open`.
   */
  async resetBreaker(database: ConnectorDatabase): Promise<void> {
    this.#parts.uploader.checkOpen();
    await this.#parts.breaker.reset(database);
    this.#parts.decisions.trust();
    this.#parts.publisher.set({ breaker: 'closed' });
    this.#parts.uploader.openGate();
  }

  /**
   * Aborts what is in flight. From then on `drain()` reports the error `aborted`, and whatever else uploads, hands out tokens
   * or changes the user throws it. Nothing is lost: what wasn't confirmed stays queued.
   */
  close(): void {
    this.#parts.uploader.close();
  }

  /** One change of users after another. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    // It would wait for the export, and the export for it.
    if (this.#isExporting)
      return Promise.reject(
        new TypeError('Not from within "export" of drainAndClear(): call it afterwards.'),
      );
    const turn = this.#turn.then(task);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

const METHODS = [
  'fetchCredentials',
  'invalidateCredentials',
  'uploadData',
  'drain',
  'keepUploading',
  'setOwner',
  'drainAndClear',
  'disconnect',
  'subscribe',
  'resetBreaker',
  'close',
] as const satisfies readonly (keyof BackendConnector)[];

/** What the methods call. */
type Parts = ReturnType<typeof wire>;

/** Makes the parts, and tells each of those it needs. */
function wire(options: ResolvedOptions) {
  const { credentials, tokenCache: cache, retry, clock, random } = options;
  const publisher = createPublisher();
  const gate = createGate(retry, clock, random);
  const tokens = createTokenSource({
    credentials,
    cache,
    timeoutMs: retry.timeoutMs,
    clock,
    onRefresh(result, durationMs) {
      publisher.publish({ type: 'token', result, durationMs }, {}, { tokenRefreshes: 1 });
      if (result === 'token') uploader.openGate('unauthenticated'); // somebody signed in
    },
  });
  const signedIn = createSignedIn(tokens);
  const breaker = createBreaker();
  const unanswered = createUnanswered();
  const rejecting = createRejecting(options, publisher);
  const decisions = createDecisions({ options, breaker, unanswered, rejecting, publisher });
  const uploadBatch = createBatchUpload({
    options,
    reader: createBatchReader(options),
    tokens,
    signedIn,
    limit: createAdaptiveLimit(),
    breaker,
    decisions,
    rejecting,
    unanswered,
    gate,
    publisher,
    count: createQueueCounter(publisher, clock),
  });
  const uploader = createUploader({
    gate,
    publisher,
    clock,
    timeoutMs: retry.timeoutMs,
    uploadBatch,
    onClose() {
      tokens.close();
      rejecting.abandon(); // Another connector may send the write now.
    },
  });
  return { options, publisher, gate, tokens, signedIn, breaker, decisions, rejecting, uploader };
}
