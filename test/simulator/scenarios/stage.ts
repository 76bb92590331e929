// A device and a backend for one scenario. A scenario says what happens, instead of making it up from a seed.

import type { BackendConnectorOptions } from '../../../src/options.ts';
import type { UploadTransaction } from '../../../src/queue/transaction.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { DatabaseFile, Handle } from '../database.ts';
import type { Realm } from '../realms.ts';
import { createScheduler, type Dice, dice, inVirtualTime, type Scheduler } from '../scheduler.ts';
import type { Answer } from '../server.ts';

/** A scenario returns the violations. */
export type Scenario = (realm: Realm) => Promise<string[]>;

/** Answers a request with the writes of these names. */
export type Backend = (names: readonly string[], now: number) => Answer | Promise<Answer>;

export interface StageOptions {
  readonly seed?: number;
  /** Many writes in one request, or one request for each. */
  readonly sends?: 'batches' | 'singles';
  readonly backend: Backend;
  readonly options?: Partial<BackendConnectorOptions>;
}

export interface Stage {
  readonly scheduler: Scheduler;
  readonly random: Dice;
  readonly file: DatabaseFile;
  readonly handle: Handle;
  readonly connector: InstanceType<Realm['BackendConnector']>;
  /** Writes one transaction with one entry. */
  write(name: string, owner?: string): void;
  /** Runs the SDK's loop until the queue is empty or the time is over. Returns the milliseconds that it took. */
  sync(ms: number): Promise<number>;
  /** The names of the writes that are listed as rejected, in order. */
  rejected(): string[];
}

let stages = 0; // The lanes of a realm are keyed by client id.

export async function onStage<T>(
  realm: Realm,
  { seed = 1, sends = 'batches', backend, options }: StageOptions,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const scheduler = createScheduler(Date.UTC(2026, 0, 1));
  const random = dice(seed);
  const file = new DatabaseFile(`s${++stages}`);
  const handle = new Handle(file, scheduler, random);
  const answer = async (names: readonly string[]): Promise<Answer> => {
    await scheduler.sleep(10 + random.below(20));
    const answered = await backend(names, scheduler.now);
    await scheduler.sleep(10 + random.below(20));
    return answered;
  };
  return inVirtualTime(scheduler, async () => {
    const connector = new realm.BackendConnector({
      endpoint: 'https://service.test',
      credentials: async () => ({ token: 'TOKEN' }),
      transport: sends === 'batches' ? batches(realm, answer) : singles(realm, answer),
      clock: () => scheduler.now,
      random,
      ...options,
    });
    const sync = async (ms: number): Promise<number> => {
      const startedAt = scheduler.now;
      let isOver = false;
      const loop = async (): Promise<void> => {
        while (!isOver && file.count() > 0) {
          await connector.uploadData(handle).catch(() => scheduler.sleep(5_000));
        }
      };
      const looping = loop().then(() => {
        isOver = true;
      });
      while (!isOver && scheduler.now < startedAt + ms) await scheduler.advance(1_000);
      isOver = true;
      const took = scheduler.now - startedAt;
      await Promise.race([looping, scheduler.advance(60_000)]);
      return took;
    };
    return play({
      scheduler,
      random,
      file,
      handle,
      connector,
      write: (name) => file.write([{ op: 'PUT', table: 'rows', id: name, data: { name } }]),
      sync,
      rejected: () => file.rejected().map(({ entries }) => String(JSON.parse(entries)[0]?.id)),
    });
  });
}

function namesOf(transactions: readonly UploadTransaction[]): string[] {
  return transactions.flatMap(({ entries }) => entries.map(({ id }) => id));
}

function batches(realm: Realm, answer: (names: readonly string[]) => Promise<Answer>): Transport {
  return async ({ transactions }, context) => {
    await context.token();
    const answered = await answer(namesOf(transactions));
    return realm.readResults(withHeaders(answered), transactions.length);
  };
}

function singles(realm: Realm, answer: (names: readonly string[]) => Promise<Answer>): Transport {
  return realm.perEntry(async ({ id }, context) => {
    await context.token();
    const [outcome] = realm.readResults(withHeaders(await answer([id])), 1);
    return outcome?.status === 'not_attempted' || outcome?.status === 'skipped' ? undefined : outcome;
  });
}

function withHeaders({ status, text, headers = {} }: Answer) {
  return { status, text, headers: { get: (name: string) => headers[name] ?? null } };
}

/** All are applied, in the contract's form. */
export function allApplied(names: readonly string[]): Answer {
  return { status: 200, text: JSON.stringify({ results: names.map(() => ({ status: 'success' })) }) };
}

/** The first of them is refused in the contract's form. */
export function refusedInBand(names: readonly string[], at: number, error_code: string): Answer {
  const results = names.map((_, index) => {
    if (index !== at) return { status: index < at ? 'success' : 'not_attempted' };
    return { status: 'fatal_error', requires_client_handling: false, failed_operation: { error_code } };
  });
  return { status: 200, text: JSON.stringify({ results }) };
}

export function refusedWhole(status: number): Answer {
  return { status, text: '{"message":"no"}' };
}
