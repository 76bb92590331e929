// No import of the test runner or of the package's own name here: a plain Node process runs this, too.

import type { PowerSyncDatabase } from '@powersync/node';
import { writeApi } from '../../src/http/index.ts';
import { type BackendConnectorOptions, type CredentialsProvider, record } from '../../src/index.ts';

/** Where an upload can be struck, in the order of one call. */
export const POINTS = [
  'reading',
  'asking for a token',
  'sending',
  'answered', // the backend has applied the batch, the reply isn't read
  'bisecting', // one half is applied, the other isn't sent
  'rejected', // the rejection isn't recorded
  'recorded',
  'completing',
  'completed', // the queue isn't read again
] as const;

export type Point = (typeof POINTS)[number];

export interface PointsOptions {
  readonly db: PowerSyncDatabase;
  readonly url: string;
  readonly maxBodyBytes: number;
  readonly credentials: CredentialsProvider;
  /** Called at each point; the upload goes on when it resolves. */
  readonly at: (point: Point) => unknown;
}

/** Options of a connector that calls `at` at every point of its uploads. Wraps the database's reads, too. */
export function withPoints({ db, url, maxBodyBytes, credentials, at }: PointsOptions) {
  let [refused, oneHalfWent] = [false, false];
  const getCrudBatch = db.getCrudBatch.bind(db);
  db.getCrudBatch = async (limit) => {
    await at('reading');
    const handle = await getCrudBatch(limit);
    if (!handle) return null;
    const complete = handle.complete.bind(handle);
    return Object.assign(handle, {
      complete: async () => {
        await at('completing');
        await complete();
        [refused, oneHalfWent] = [false, false];
        await at('completed');
      },
    });
  };

  const keep = record();
  return {
    endpoint: 'https://service.test',
    credentials: async (context) => {
      await at('asking for a token');
      return credentials(context);
    },
    transport: writeApi({
      url: `${url}/api/data`,
      maxBodyBytes,
      fetch: async (request, init) => {
        await at('sending');
        if (refused && oneHalfWent) await at('bisecting');
        const response = await fetch(request, init);
        if (response.status === 413) refused = true;
        else if (refused && response.ok) oneHalfWent = true;
        if (response.ok) await at('answered');
        return response;
      },
    }),
    rejections: async (rejected, context) => {
      await at('rejected');
      const decision = await keep(rejected, context);
      await at('recorded');
      return decision;
    },
  } satisfies BackendConnectorOptions;
}
