import type { TokenSource } from '../auth/token-cache.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Deadline } from '../time/deadline.ts';
import type { CheckpointRequest } from '../transport/checkpoint-request.ts';

/**
 * Makes the method that the SDK calls. It refreshes a refused token once, and checks the answer.
 *
 * @param during Runs the call with a deadline that is also aborted when the connector is closed or the owner changes.
 */
export function createPostCheckpointRequest(
  request: CheckpointRequest,
  tokens: TokenSource,
  during: <T>(task: (deadline: Deadline) => Promise<T>) => Promise<T>,
): (clientId: string, requestId: string) => Promise<string> {
  return (clientId, requestId) =>
    during(async (deadline) => {
      let used: string | undefined;
      const token = async (): Promise<string | undefined> => {
        const current = (await tokens.get()) ?? undefined;
        deadline.check();
        used = current;
        return current;
      };
      const { signal } = deadline;
      const { serverTime } = tokens;
      const post = async (): Promise<string> => {
        deadline.check();
        return deadline.race(request(clientId, requestId, { signal, token, serverTime }));
      };
      const answer: unknown = await post().catch((thrown) => {
        if (UploadError.from(thrown).code !== 'unauthenticated' || !used) throw thrown;
        tokens.drop(used);
        return post();
      });
      // The SDK accepts any answer. If it isn't the greater id, it would wait for ever.
      if (typeof answer === 'string' && /^\d+$/.test(answer) && BigInt(answer) >= BigInt(requestId))
        return answer;
      throw new UploadError(
        'misconfigured',
        'postCheckpointRequest must resolve with the greater of the stored and the given id, as a decimal string.',
      );
    });
}
