import { setTimeout as sleep } from 'node:timers/promises';
import { type Transport, UploadError, type UploadTransaction } from 'powersync-backend-connector';
import { perEntry } from 'powersync-backend-connector/combine';
import { readResults } from '../../../src/contract/read-results.ts';
import type { TransportFault, TransportHarness } from '../../../src/testing/transport-contract.ts';

/** What is sent to the backend in memory: whole transactions, each with its key. */
export type Sendable = Pick<UploadTransaction, 'key' | 'entries'>;

interface Answer {
  status: number;
  text: string;
}

type Row = Record<string, unknown>;

/** A backend of a few lines with the faults of a real one, to try the contract itself. */
export interface MemoryBackend {
  rows: Map<string, Row>;
  requests: number;
  executions: number;
  nextFault: TransportFault | undefined;
  request(sendables: readonly Sendable[], token: string, signal: AbortSignal): Promise<Answer>;
}

const TOKEN = 'token-of-the-test';

const OWN_ANSWERS: Partial<Record<TransportFault, Answer>> = {
  'server-error': { status: 500, text: '{"message":"broken"}' },
  unavailable: { status: 503, text: '{"message":"later"}' },
  unauthenticated: { status: 401, text: '{"message":"expired"}' },
  'web-page': { status: 200, text: '<!doctype html><title>Welcome</title>' },
  'empty-answer': { status: 200, text: '' },
  'foreign-answer': { status: 200, text: '{"ok":true}' },
};

function memoryBackend(): MemoryBackend {
  const keys = new Set<string>();
  const backend: MemoryBackend = {
    rows: new Map(),
    requests: 0,
    executions: 0,
    nextFault: undefined,
    async request(sendables, token, signal) {
      signal.throwIfAborted();
      backend.requests++;
      const fault = backend.nextFault;
      backend.nextFault = undefined;
      if (fault === 'no-reply') await sleep(3_600_000, undefined, { signal });
      if (fault === 'offline') throw new TypeError('fetch failed');
      if (fault && OWN_ANSWERS[fault]) return OWN_ANSWERS[fault];
      if (token !== TOKEN) return { status: 401, text: '{"message":"invalid token"}' };
      const results = applyAll(JSON.parse(JSON.stringify(sendables)));
      const text = JSON.stringify({ results });
      if (fault === 'lost-reply') throw new TypeError('fetch failed');
      if (fault === 'broken-reply') throw new TypeError('terminated');
      return { status: 200, text: fault === 'cut-reply' ? text.slice(0, text.length / 2) : text };
    },
  };

  function applyAll(sendables: readonly Sendable[]): object[] {
    const results: object[] = [];
    for (const sendable of sendables) {
      const fails = results.length > 0 && (results.at(-1) as { status: string }).status !== 'success';
      results.push(fails ? { status: 'not_attempted' } : apply(sendable));
    }
    return results;
  }

  function apply({ key, entries }: Sendable): object {
    if (keys.has(key)) return { status: 'success' };
    const after = new Map(backend.rows);
    for (const [index, { op, id, opData }] of entries.entries()) {
      if (opData?.text === 'refuse me') return fatal(index);
      const old = after.get(id);
      if (op === 'PUT') after.set(id, { ...old, ...opData });
      else if (op === 'PATCH' && old) after.set(id, { ...old, ...opData });
      else if (op === 'DELETE') after.delete(id);
    }
    backend.rows = after;
    backend.executions++;
    keys.add(key);
    return { status: 'success' };
  }

  return backend;
}

function fatal(index: number): object {
  const failed_operation = { error_code: 'CHECK_VIOLATION', operation_index: index };
  return { status: 'fatal_error', requires_client_handling: false, failed_operation };
}

/** A transport as somebody would write it by hand for this backend. */
export function memoryTransport(backend: MemoryBackend): Transport {
  return async ({ transactions }, { signal, token }) => {
    const jwt = await token();
    if (jwt === undefined) throw new UploadError('unauthenticated', 'Nobody is signed in.');
    const sent = transactions.slice(0, 50);
    const answer = await backend.request(sent, jwt, signal);
    const results = readResults({ ...answer, headers: new Headers() }, sent.length);
    return transactions.map((_, index) => results[index] ?? { status: 'not_attempted' });
  };
}

/** The same backend, one request for each entry: not atomic. */
export function memoryTransportPerEntry(backend: MemoryBackend): Transport {
  return perEntry(async (entry, { key, signal, token }) => {
    const jwt = await token();
    if (jwt === undefined) throw new UploadError('unauthenticated', 'Nobody is signed in.');
    const answer = await backend.request([{ key, entries: [entry] }], jwt, signal);
    const [outcome] = readResults({ ...answer, headers: new Headers() }, 1);
    if (outcome?.status !== 'not_attempted' && outcome?.status !== 'skipped') return outcome;
    throw new UploadError('misconfigured', 'The only entry was not attempted.');
  });
}

const FAULTS = [
  'offline',
  'lost-reply',
  'broken-reply',
  'cut-reply',
  'no-reply',
  'server-error',
  'unavailable',
  'unauthenticated',
  'web-page',
  'empty-answer',
  'foreign-answer',
] satisfies TransportFault[];

export function memoryHarness(
  make: (backend: MemoryBackend) => Transport,
  changes: Partial<TransportHarness> = {},
): TransportHarness {
  const backend = memoryBackend();
  return {
    createTransport: () => make(backend),
    token: async () => TOKEN,
    table: {
      name: 'notes',
      text: 'text',
      note: 'note',
      amount: 'amount',
      refused: { text: 'refuse me' },
    },
    backend: {
      rows: async () => [...backend.rows].map(([id, row]) => ({ ...row, id })),
      requests: () => backend.requests,
      executions: () => backend.executions,
      faults: Object.fromEntries(
        FAULTS.map((kind) => [
          kind,
          () => {
            backend.nextFault = kind;
          },
        ]),
      ),
    },
    atomic: true,
    idempotent: true,
    ...changes,
  };
}
