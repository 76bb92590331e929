import { createTokenSource } from './auth/token-cache.ts';
import { createAdaptiveLimit } from './batching/adaptive-limit.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import type { PlatformAbortSignal } from './globals.ts';
import { keepUploading, onOnline } from './keep-uploading.ts';
import { type BackendConnectorOptions, resolveOptions } from './options.ts';
import { UploadError, type UploadErrorCode } from './outcome/upload-error.ts';
import type { ConnectorDatabase } from './queue/database.ts';
import { inLane } from './queue/lane.ts';
import { createGate } from './retry/gate.ts';
import { createBreaker } from './settle/breaker.ts';
import type { Stop } from './settle/settle.ts';
import type { UploadEvent } from './status/events.ts';
import { createPublisher } from './status/publisher.ts';
import type { UploadStatus } from './status/upload-status.ts';
import { type Parts, uploadBatch } from './upload.ts';

/** What `drain()` came to. */
export interface DrainReport {
  /** True when the queue is empty. */
  readonly drained: boolean;
  /** Transactions that the backend applied during this drain. */
  readonly applied: number;
  /** Transactions that were rejected and left the queue. */
  readonly rejected: number;
  /** Entries that are still queued. */
  readonly remaining: number;
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
  readonly #calls = new Set<Deadline>();
  readonly #closing = new AbortController();
  /** Whether the queue was empty when it was last looked at. */
  #isDrained = false;
  /** The token the SDK got last. */
  #handed: string | undefined;
  #stopOnline: (() => void) | undefined;

  /** @throws TypeError naming the option that is missing, misspelt or out of range. */
  constructor(options: BackendConnectorOptions) {
    const resolved = resolveOptions(options);
    const { credentials, tokenCache: cache, retry, clock, random, endpoint, transport } = resolved;
    const publisher = createPublisher();
    const gate = createGate(retry, clock, random);
    const tokens = createTokenSource({
      credentials,
      cache,
      timeoutMs: retry.timeoutMs,
      clock,
      onRefresh: (result, durationMs) => {
        publisher.publish({ type: 'token', result, durationMs }, {}, { tokenRefreshes: 1 });
        if (result === 'token') this.#openAfter('unauthenticated'); // somebody signed in
      },
    });
    this.#parts = {
      options: resolved,
      tokens,
      gate,
      limit: createAdaptiveLimit(),
      breaker: createBreaker(),
      publisher,
      readSize: resolved.firstRead,
      countedAt: 0,
    };
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
    this.#checkOpen();
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
    await this.#upload(database);
  }

  /**
   * Uploads all that is queued, with or without a sync stream (the SDK's own uploads stop while its stream is down), for
   * example in a background task. Doesn't wait for the connector's own back-off, but for what the backend asked.
   * It never throws: the report says what is left and why.
   *
   * @param options.signal ends it early.
   */
  async drain(
    database: ConnectorDatabase,
    { signal }: { readonly signal?: PlatformAbortSignal | undefined } = {},
  ): Promise<DrainReport> {
    const { publisher } = this.#parts;
    const before = publisher.status.counters;
    let error: UploadError | undefined;
    try {
      while (await this.#upload(database, true, signal));
    } catch (thrown) {
      error = UploadError.from(thrown);
    }
    const { applied, rejected } = publisher.status.counters;
    const remaining = error ? await this.#remaining(database) : 0;
    return {
      drained: !error,
      applied: applied - before.applied,
      rejected: rejected - before.rejected,
      remaining,
      ...(error && { error }),
    };
  }

  /** Counts the queue; a database that can't be read (it was closed) has what it had when it was last read. */
  async #remaining(database: ConnectorDatabase): Promise<number> {
    try {
      return (await database.getUploadQueueStats()).count;
    } catch {
      return this.status.queueLength ?? 0;
    }
  }

  /**
   * Uploads in the background until the signal is aborted or `close()` is called: at once, on new writes, when a
   * back-off is over, and when the device comes online. Use it where writes must go out while the PowerSync Service
   * can't be reached; it and the SDK's own uploads take turns.
   */
  keepUploading(database: ConnectorDatabase, { signal }: { readonly signal: PlatformAbortSignal }): void {
    this.#checkOpen();
    if (signal.aborted) return;
    const stop = new AbortController();
    const end = (): void => stop.abort();
    signal.addEventListener('abort', end);
    this.#closing.signal.addEventListener('abort', end);
    const waitMs = (): number => (this.status.nextAttemptAt ?? 0) - this.#parts.options.clock();
    const onOpened = (listener: () => void): (() => void) =>
      this.subscribe(({ type }) => {
        if (type === 'opened') listener();
      });
    void keepUploading(
      database,
      stop.signal,
      () => this.#upload(database, false, stop.signal),
      waitMs,
      onOpened,
    );
  }

  /** What the connector is doing: an immutable snapshot, replaced before each event. */
  get status(): UploadStatus {
    return this.#parts.publisher.status;
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
   * Says that refusals are the writes' fault after all: rejecting goes on after the breaker stopped it, and the next
   * upload is tried at once.
   */
  async resetBreaker(database: ConnectorDatabase): Promise<void> {
    await this.#parts.breaker.count(database, true);
    this.#open();
  }

  /** Aborts what is in flight; from then on every call throws. Nothing is lost: what wasn't confirmed stays queued. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const deadline of this.#calls) deadline.abort(closed());
    this.#stopOnline?.();
    this.#parts.publisher.publish(
      { type: 'closed' },
      { phase: 'closed', inFlight: undefined, nextAttemptAt: undefined },
    );
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw closed();
  }

  /** Uploads one batch in the database's lane. False when the queue is empty. */
  async #upload(
    database: ConnectorDatabase,
    evenIfBackingOff = false,
    signal?: PlatformAbortSignal,
  ): Promise<boolean> {
    this.#checkOpen();
    const { gate, options } = this.#parts;
    let remembered = gate.shutBy(evenIfBackingOff);
    if (remembered) throw remembered;
    const deadline = startDeadline(options.retry.timeoutMs);
    const abort = (): void =>
      deadline.abort(new UploadError('aborted', 'The upload was aborted by its signal.'));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    this.#calls.add(deadline);
    let stop: Stop | undefined;
    try {
      const clientId = await deadline.race(database.getClientId());
      const settlement = await inLane(clientId, deadline, async () => {
        remembered = gate.shutBy(evenIfBackingOff); // perhaps by the upload that was in the lane before this one
        return remembered ? undefined : uploadBatch(this.#parts, { database, clientId, deadline });
      });
      if (settlement === null || settlement?.settled) this.#moved(settlement === null);
      stop = settlement?.stop;
      if (!stop && !remembered) return settlement !== null;
    } catch (thrown) {
      stop = { error: deadline.error ?? UploadError.from(thrown), hold: false };
    } finally {
      this.#calls.delete(deadline);
      signal?.removeEventListener('abort', abort);
      deadline.end();
    }
    if (stop) this.#stopped(stop, deadline);
    throw stop?.error ?? remembered;
  }

  #moved(isEmpty: boolean): void {
    const { gate, publisher } = this.#parts;
    gate.reset();
    const patch = {
      lastError: undefined,
      nextAttemptAt: undefined,
      stalledSince: undefined,
      inFlight: undefined,
    };
    if (isEmpty && !this.#isDrained) {
      publisher.publish({ type: 'drained' }, { ...patch, phase: 'idle', queueLength: 0 });
    } else {
      publisher.set({ ...patch, phase: 'idle', ...(isEmpty && { queueLength: 0 }) });
    }
    this.#isDrained = isEmpty;
  }

  #openAfter(code: UploadErrorCode): void {
    if (this.#parts.gate.error?.code === code) this.#open();
  }

  /** Opens the gate before its time. */
  #open(): void {
    this.#parts.gate.open();
    this.#parts.publisher.publish({ type: 'opened' }, { nextAttemptAt: undefined });
  }

  #stopped({ error, hold }: Stop, deadline: Deadline): void {
    const { gate, publisher, options } = this.#parts;
    const { code, message } = error;
    if (code === 'aborted' && error === deadline.error) {
      publisher.set({ phase: this.status.phase === 'closed' ? 'closed' : 'idle', inFlight: undefined });
      return;
    }
    const nextAttemptAt = gate.shut(error);
    if (code === 'network') this.#stopOnline ??= onOnline(() => this.#openAfter('network'));
    const phase = hold ? 'held' : code === 'unauthenticated' ? 'needs-auth' : 'waiting';
    const stalledSince = publisher.status.stalledSince ?? options.clock();
    publisher.publish(
      { type: 'failed', code, message, failures: gate.failures, nextAttemptAt },
      { phase, lastError: error, nextAttemptAt, stalledSince, inFlight: undefined },
      { failures: 1 },
    );
  }
}

function closed(): UploadError {
  return new UploadError('aborted', 'The connector was closed. The writes stay queued.');
}
