import { afterEach, expect, it, vi } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { CheckpointRequest } from '../../../src/transport/checkpoint-request.ts';
import { deferred, testConnector } from '../../support/connector.ts';

afterEach(() => vi.useRealTimers());

/** Posts to a backend that refuses with this code; `usesToken`: after it has asked for the token. */
async function refusedWith(code: 'unauthenticated' | 'unavailable', usesToken: boolean) {
  const request = vi.fn<CheckpointRequest>(async (_, __, { token }) => {
    if (usesToken) await token();
    throw new UploadError(code, 'No.');
  });
  const credentials = vi.fn(async () => ({ token: 'token' }));
  const { connector } = testConnector({ postCheckpointRequest: request, credentials });
  await expect(connector.postCheckpointRequest?.('client', '7')).rejects.toMatchObject({ code });
  return { requests: request.mock.calls.length, tokens: credentials.mock.calls.length };
}

it('tries once more with another token, where one was refused', async () => {
  expect(await refusedWith('unauthenticated', true)).toEqual({ requests: 2, tokens: 2 });
});

it('leaves it to the SDK to try again, where none was', async () => {
  expect(await refusedWith('unauthenticated', false)).toEqual({ requests: 1, tokens: 0 });
  expect(await refusedWith('unavailable', true)).toEqual({ requests: 1, tokens: 1 });
});

it('hands out no token once the connector is closed, though the request goes on', async () => {
  const started = deferred();
  const goOn = deferred();
  const got = vi.fn();
  const { connector } = testConnector({
    postCheckpointRequest: async (_, requestId, { token }) => {
      started.resolve();
      await goOn.promise;
      await token().then(got, got);
      return requestId;
    },
  });
  await connector.fetchCredentials();
  const posted = connector.postCheckpointRequest?.('client', '7');
  await started.promise;
  connector.close();
  await expect(posted).rejects.toMatchObject({ code: 'aborted' });
  goOn.resolve();
  await vi.waitFor(() => expect(got).toHaveBeenCalled());
  expect(got).toHaveBeenCalledWith(expect.objectContaining({ code: 'aborted' }));
});

it('does not try once more where it was closed at that very moment', async () => {
  const request = vi.fn<CheckpointRequest>(async (_, __, { token }) => {
    await token();
    queueMicrotask(() => connector.close());
    throw new UploadError('unauthenticated', 'No.');
  });
  const { connector } = testConnector({ postCheckpointRequest: request });
  await expect(connector.postCheckpointRequest?.('client', '7')).rejects.toMatchObject({ code: 'aborted' });
  expect(request).toHaveBeenCalledTimes(1);
});

it('leaves no timer behind', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { connector } = testConnector({ postCheckpointRequest: async (_, requestId) => requestId });
  expect(await connector.postCheckpointRequest?.('client', '7')).toBe('7');
  expect(vi.getTimerCount()).toBe(0);
});
