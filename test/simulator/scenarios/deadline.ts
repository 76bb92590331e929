import type { BackendConnectorOptions } from '../../../src/options.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { allApplied, onStage, type Scenario } from './stage.ts';

const TIMEOUT_MS = 5_000;

/** P5: one deadline covers the whole call. Nothing new begins after it, neither a request nor the policy. */
export const deadline: Scenario = async (realm) => {
  const found: string[] = [];
  let requestAt: number | undefined;
  const slowToken = (ms: number) => ({
    retry: { timeoutMs: TIMEOUT_MS },
    credentials: async () => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { token: 'TOKEN' };
    },
  });
  const backend = (names: readonly string[], now: number) => {
    requestAt ??= now;
    return allApplied(names);
  };
  for (const ms of [TIMEOUT_MS - 1, TIMEOUT_MS, TIMEOUT_MS + 1_000]) {
    const options = slowToken(ms); // The first token arrives in time for its own deadline, but too late for the call.
    await onStage(realm, { backend, options }, async ({ connector, handle, scheduler, write }) => {
      write('a');
      let endedAt: number | undefined;
      const startedAt = scheduler.now;
      const end = (): void => {
        endedAt = scheduler.now;
      };
      void connector.uploadData(handle).then(end, end);
      await scheduler.advance(TIMEOUT_MS + 500);
      if (endedAt === undefined) found.push('P5: uploadData() went on beyond its deadline, for a slow token');
      await scheduler.advance(TIMEOUT_MS);
      if (requestAt !== undefined)
        found.push(`P5: a request began ${requestAt - startedAt} ms into a call of ${TIMEOUT_MS} ms`);
    });
  }

  // A refusal that arrives just before the deadline.
  for (let ms = TIMEOUT_MS - 40; ms < TIMEOUT_MS; ms++) {
    let askedAt: number | undefined;
    const options: Partial<BackendConnectorOptions> = {
      retry: { timeoutMs: TIMEOUT_MS },
      transport: async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        throw new realm.UploadError('invalid', 'No.');
      },
      rejections: () => {
        askedAt ??= Date.now();
        return 'hold';
      },
    };
    await onStage(realm, { seed: ms, backend, options }, async ({ connector, handle, scheduler, write }) => {
      write('a');
      const endsAt = scheduler.now + TIMEOUT_MS;
      void connector.uploadData(handle).catch(() => {});
      await scheduler.advance(2 * TIMEOUT_MS);
      if (askedAt !== undefined && askedAt >= endsAt)
        found.push('P5: the policy was asked after the deadline');
    });
  }

  // The right half of a refused batch. Its left half was decided just before the deadline.
  for (let ms = TIMEOUT_MS - 80; ms < TIMEOUT_MS; ms++) {
    let calls = 0;
    const transport: Transport = async ({ transactions }, { signal }) => {
      if (signal.aborted) found.push('P5: the transport was called after the deadline');
      calls++;
      if (calls === 2) await new Promise((resolve) => setTimeout(resolve, ms));
      if (calls < 3) throw new realm.UploadError('invalid', 'No.');
      return transactions.map(() => ({ status: 'applied' }));
    };
    const rejections = () => 'complete' as const;
    const options = { transport, rejections, retry: { timeoutMs: TIMEOUT_MS } };
    await onStage(realm, { seed: ms, backend, options }, async ({ connector, handle, scheduler, write }) => {
      write('a');
      write('b');
      void connector.uploadData(handle).catch(() => {});
      await scheduler.advance(2 * TIMEOUT_MS);
    });
  }
  return [...new Set(found)];
};
