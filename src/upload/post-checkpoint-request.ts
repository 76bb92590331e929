import type { TokenSource } from '../auth/token-cache.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Deadline } from '../time/deadline.ts';
import type { CheckpointRequest } from '../transport/checkpoint-request.ts';

/**
 * The method the SDK calls: one refresh of a refused token, and an answer that is checked.
 *
 * @param during Gives the call its deadline, which also ends with the connector, or with its user.
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
      // The SDK takes anything, and would wait for ever for what is not the greater id.
      if (typeof answer === 'string' && /^\d+$/.test(answer) && BigInt(answer) >= BigInt(requestId))
        return answer;
      throw new UploadError(
        'misconfigured',
        'postCheckpointRequest must resolve with the greater of the kept and the given id, as a decimal string.',
      );
    });
}
