import { type Transport, UploadError } from 'powersync-backend-connector';
import { perEntry } from 'powersync-backend-connector/combine';
import { describe } from 'vitest';
import { testHttpContract } from './http-harness.ts';

/** A transport of an app's own in a dozen lines, by nothing but `fetch`. */
function handWritten(url: string): Transport {
  return async (batch, { signal, token }) => {
    const jwt = await token();
    if (jwt === undefined) throw new UploadError('unauthenticated', 'Nobody is signed in.');
    const [transaction] = batch.transactions;
    const response = await fetch(`${url}/api/batch`, {
      method: 'POST',
      signal,
      redirect: 'error',
      headers: { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        idempotency_key: transaction?.key,
        batch: transaction?.entries.map(({ op, table, id, opData }) => ({ op, table, id, data: opData })),
      }),
    });
    if (!response.ok) throw UploadError.fromResponse(response);
    const body = await response.json().catch(() => undefined);
    if (body?.message !== 'Batch completed') throw new UploadError('misconfigured', 'This is no answer.');
    return batch.transactions.map((_, index) => ({ status: index === 0 ? 'applied' : 'not_attempted' }));
  };
}

/** The same for a backend with a procedure for each change. */
function handWrittenPerEntry(url: string): Transport {
  return perEntry(async ({ op, table, id, opData }, { signal, token, key }) => {
    const jwt = await token();
    if (jwt === undefined) throw new UploadError('unauthenticated', 'Nobody is signed in.');
    const response = await fetch(`${url}/api/batch`, {
      method: 'POST',
      signal,
      redirect: 'error',
      headers: { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' },
      body: JSON.stringify({ idempotency_key: key, batch: [{ op, table, id, data: opData }] }),
    });
    if (!response.ok) throw UploadError.fromResponse(response);
    const body = await response.json().catch(() => undefined);
    if (body?.message !== 'Batch completed') throw new UploadError('misconfigured', 'This is no answer.');
  });
}

describe('a transport written by hand', () => {
  testHttpContract({ make: handWritten, atomic: true, idempotent: true });
});

describe('perEntry()', () => {
  testHttpContract({ make: handWrittenPerEntry, atomic: false, idempotent: true });
});
