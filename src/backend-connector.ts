import { createTokenSource } from './auth/token-cache.ts';
import { optionChecks } from './check-options.ts';
import type { ConnectorDatabase } from './database/database.ts';
import { ownError } from './error/own-error.ts';
import { UploadError } from './error/upload-error.ts';
import { type BackendConnectorOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import {
  type ClearableDatabase,
  checkOptions,
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

/** Result of `drain()`. */
export interface DrainReport {
  /** True if the queue is empty, even if the connector is closed or the signal was aborted. */
  readonly drained: boolean;
  /** Number of transactions that the backend applied and that left the queue during this drain. */
  readonly applied: number;
  /** Number of transactions that were rejected and left the queue during this drain. */
  readonly rejected: number;
  /** Number of entries that are still queued; undefined if the database can't be read, for example because it was closed. */
  readonly remainingEntries: number | undefined;
  /** Why the drain stopped before it had seen that the queue is empty. */
  readonly error?: UploadError;
}

/**
 * Connects a PowerSync database to the app's backend: hands tokens to the SDK and uploads the local writes. It never
 * loses, reorders, leaks or silently drops a write. Create one connector for each database.
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
  /** The token that was last handed to the SDK. */
  #handed: string | undefined;
  /** Settles when the last `setOwner()`, `drainAndClear()` or `disconnect()` is done. */
  #turn: Promise<unknown> = Promise.resolve();
  #isExporting = false;

  /** Called by the SDK in checkpoint mode `requests`. Exists only if the option `postCheckpointRequest` is set. */
  declare readonly postCheckpointRequest?: (clientId: string, requestId: string) => Promise<string>;

  /** @throws TypeError if an option is missing, unknown or out of range. The message names the option. */
  constructor(options: BackendConnectorOptions) {
    const parts = wire(resolveOptions(options));
    const { publisher, tokens, uploader } = parts;
    const { endpoint, transport, postCheckpointRequest } = parts.options;
    this.#parts = parts;
    // Bound, because private members exist on this object only: a call through a proxy (Vue, Pinia, MobX) or of a
    // detached method would fail.
    for (const name of METHODS) this[name] = this[name].bind(this) as never;
    (this as HasStatus)[READ_STATUS] = () => publisher.status;
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

  /** What the connector is doing: a frozen snapshot, replaced before each event. */
  get status(): UploadStatus {
    return (this as HasStatus)[READ_STATUS]?.() as UploadStatus;
  }

  /**
   * Called by the SDK to get a token. Returns the one in the token cache, refreshed shortly before it expires.
   *
   * @returns null when nobody is signed in.
   * @throws the error of `credentials` when there is no usable token: whether somebody is signed in is unknown then.
   * UploadError `aborted` when the connector is closed, or while the owner changes.
   */
  async fetchCredentials(): Promise<{ endpoint: string; token: string } | null> {
    this.#parts.uploader.checkOpen();
    const { options, tokens } = this.#parts;
    const token = await tokens.get();
    this.#handed = token ?? undefined;
    return token === null ? null : { endpoint: options.endpoint, token };
  }

  /**
   * Called by the SDK when the PowerSync Service refused its token. Drops that token from the cache, not a newer one.
   */
  invalidateCredentials(): void {
    this.#parts.tokens.drop(this.#handed);
  }

  /**
   * Called by the SDK while writes are queued. Uploads one batch from the head of the queue. Ends within
   * `retry.timeoutMs`. Never waits for a back-off: until the back-off is over, it throws the last error again.
   *
   * @throws UploadError when the head of the queue has to stay. The writes stay queued, and the SDK calls again.
   */
  async uploadData(database: ConnectorDatabase): Promise<void> {
    await this.#parts.uploader.upload(database);
  }

  /**
   * Uploads everything that is queued, until the queue is empty or an upload fails. Works with or without a sync stream
   * (the SDK's own uploads stop while its stream is down), for example in a background task. Ignores the connector's
   * own back-off, but sends nothing before the time that the backend asked to wait for (`Retry-After`). A failure isn't
   * thrown: the report says what is left, and why.
   *
   * @param database The database whose queue is uploaded.
   * @param options How the drain can be stopped.
   * @param options.signal Stops the drain when it is aborted.
   * @throws TypeError if `signal` is not an AbortSignal.
   */
  async drain(
    database: ConnectorDatabase,
    { signal }: { readonly signal?: PlatformAbortSignal | undefined } = {},
  ): Promise<DrainReport> {
    if (signal) optionChecks('drain').signal(signal);
    const { publisher } = this.#parts;
    const before = publisher.status.counters;
    let error: UploadError | undefined;
    let remainingEntries: number | undefined = 0;
    try {
      while (await this.#parts.uploader.upload(database, { evenIfBackingOff: true, signal }));
    } catch (thrown) {
      error = UploadError.from(thrown);
      remainingEntries = undefined; // An old count could be wrong.
      try {
        remainingEntries = (await database.getUploadQueueStats()).count;
        publisher.set({ queuedEntries: remainingEntries });
      } catch {
        // The database can't be read.
      }
    }
    const { applied, rejected } = publisher.status.counters;
    return {
      drained: remainingEntries === 0,
      applied: applied - before.applied,
      rejected: rejected - before.rejected,
      remainingEntries,
      ...(error && { error }),
    };
  }

  /**
   * Uploads in the background until the signal is aborted or `close()` is called. Uploads at once, on new writes, when
   * a back-off is over, and when the device comes online. Use it if writes must go out while the PowerSync Service
   * can't be reached. It takes turns with the SDK's own uploads.
   *
   * @param database The database whose queue is uploaded.
   * @param options How it is stopped.
   * @param options.signal Stops it when it is aborted. An upload in flight is aborted too; its writes stay queued.
   * @returns a promise that resolves once it has stopped. A failed upload doesn't reject it: see `status`.
   * @throws TypeError if `signal` is not an AbortSignal. UploadError `aborted` if the connector is closed already.
   */
  async keepUploading(
    database: ConnectorDatabase,
    options: { readonly signal: PlatformAbortSignal },
  ): Promise<void> {
    optionChecks('keepUploading').signal(options?.signal);
    const { signal } = options;
    const { publisher, uploader } = this.#parts;
    if (publisher.status.phase === 'closed') uploader.checkOpen();
    if (signal.aborted) return;
    const upload = (): Promise<boolean> => uploader.upload(database, { signal });
    const waitMs = (): number => (publisher.status.nextAttemptAt ?? 0) - this.#parts.options.clock();
    await keepUploading(database, signal, upload, waitMs, (listener) => this.subscribe(listener));
  }

  /**
   * Sets the owner of all writes from now on. Call it at sign-in with the user's id and at sign-out with null, before
   * the app writes anything for that user.
   *
   * Writes that are queued already keep their owner, and are never uploaded in another user's name: while somebody else
   * is signed in, they wait with `status.phase` `owner-mismatch`, and so does everything behind them. Writes that were
   * queued before the first call have no owner, and are uploaded whoever is signed in.
   *
   * If your tokens are JWTs with a `sub` claim, pass the same id: the connector compares the two. If the owner changes,
   * uploads in flight are aborted and the token cache is emptied.
   *
   * @throws TypeError if the owner is neither null nor a text of at least one character. UploadError `aborted` if the
   * connector is closed.
   */
  async setOwner(database: ConnectorDatabase, owner: string | null): Promise<void> {
    if (owner !== null && (typeof owner !== 'string' || owner === '')) {
      throw new TypeError('setOwner: the owner must be the id of a user, or null when nobody is signed in.');
    }
    await this.#inTurn(async () => {
      const { tokens, signedIn, gate } = this.#parts;
      if (currentOwner(await readBorders(database)) === owner) {
        await tokens.keepOnlyOf(owner); // The app may have been killed before the previous owner's token was dropped.
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
   * For signing out. Tries to upload what is queued, handles the rest as `unsent` says, then clears the database
   * (`disconnectAndClear()`), the rejected writes and the token cache. Safe while an upload is in flight. The app must
   * not write during the call: writes made after the queue was read for the last time are cleared too.
   *
   * @throws TypeError if an option is missing or wrong; the message names the option. UploadError `aborted` if the
   * connector is closed. Nothing is cleared then.
   *
   * @example
   * ```ts
   * import type { BackendConnector } from 'powersync-backend-connector';
   * import type { PowerSyncDatabase } from '@powersync/web';
   *
   * export async function signOut(db: PowerSyncDatabase, connector: BackendConnector): Promise<string> {
   *   const { cleared, leftEntries } = await connector.drainAndClear(db, { unsent: 'keep', timeoutMs: 10_000 });
   *   return cleared ? 'Signed out.' : `${leftEntries} changes are not saved yet. Sign out anyway?`;
   * }
   * ```
   */
  async drainAndClear(
    database: ClearableDatabase,
    options: DrainAndClearOptions,
  ): Promise<DrainAndClearReport> {
    const checked = checkOptions(options);
    const { export: keep } = checked;
    const exporting = async (left: Leftover): Promise<void> => {
      this.#isExporting = true;
      try {
        await keep?.(left);
      } finally {
        this.#isExporting = false;
      }
    };
    const wrapped = keep ? { ...checked, export: exporting } : checked;
    const { clock, retry } = this.#parts.options;
    const parts = { ...this.#parts, clock, callTimeoutMs: retry.timeoutMs };
    return this.#inTurn(() => drainAndClear(parts, database, wrapped));
  }

  /**
   * Aborts the upload in flight and calls `database.disconnect()`. Use it in place of `database.disconnect()`, which on
   * Node and React Native waits for a running upload. If the backend has applied the aborted upload, it recognises the
   * next try by its idempotency key. Uploads resume with the next `connect()`.
   */
  disconnect(database: { disconnect(): Promise<void> }): Promise<void> {
    return this.#inTurn(() => this.#parts.uploader.pauseWhile(() => database.disconnect()));
  }

  /**
   * Calls the listener on every step of the upload path.
   *
   * @returns a function that removes the listener.
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
   * Closes the breaker and ends the wait after a failure, so that the next upload is tried at once. Call it when the
   * backend works and its refusals are the writes' fault. Without this call, while `status.breaker` is `open`, a
   * refused transaction is rejected only after six tries over ten minutes.
   *
   * @throws UploadError `aborted` if the connector is closed, or while the owner changes.
   */
  async resetBreaker(database: ConnectorDatabase): Promise<void> {
    this.#parts.uploader.checkOpen();
    await this.#parts.breaker.reset(database);
    this.#parts.decisions.trust();
    this.#parts.publisher.set({ breaker: 'closed' });
    this.#parts.uploader.openGate();
  }

  /**
   * Closes the connector for good, and aborts what is in flight. From then on `drain()` reports the error `aborted`,
   * and every other method that uploads, hands out tokens or changes the owner throws it. Nothing is lost: writes that
   * the backend hasn't confirmed stay queued.
   */
  close(): void {
    this.#parts.uploader.close();
  }

  /** Runs changes of the owner one after another. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    // A deadlock otherwise: this call would wait for the export, and the export for this call.
    if (this.#isExporting)
      return Promise.reject(
        ownError('Not allowed in "export" of drainAndClear(). Call it after drainAndClear() ends.'),
      );
    const turn = this.#turn.then(task);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/** Not a private member, because the getter must also work through a proxy, and on a copy with the same prototype. */
const READ_STATUS = Symbol();
type HasStatus = { [READ_STATUS]?: () => UploadStatus };

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

/** The parts that the methods call. */
type Parts = ReturnType<typeof wire>;

/** Creates the parts, and gives each one the others it needs. */
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
