import type { Database, Limits } from './database/database.ts';
import { missingTables, NotReady } from './open-tables.ts';
import { InvalidUpload } from './read-upload.ts';
import { checkUser, type User } from './tables.ts';

/** A checkpoint request, in the form of the PowerSync Service's own route. The answer has the greater id. */
export interface CheckpointRequest {
  readonly client_id: string;
  readonly checkpoint_request_id: string;
}

/** What the column holds. */
const GREATEST = 2n ** 63n - 1n;

/** Keeps the greatest id of each user and client. */
export function createCheckpointKeeper(database: Database, limits: Limits) {
  let isThere = false;
  return async (user: User, body: unknown): Promise<CheckpointRequest> => {
    checkUser(user);
    const { client_id, checkpoint_request_id } = readCheckpointRequest(body);
    const kept = await database.transaction(limits, async (store) => {
      const problems = isThere ? [] : await missingTables(store, ['powersync_checkpoint_requests']);
      if (problems.length > 0) throw new NotReady(problems);
      isThere = true;
      return store.keepGreatestCheckpoint(user.id, client_id, BigInt(checkpoint_request_id));
    });
    return { client_id, checkpoint_request_id: String(kept) };
  };
}

function readCheckpointRequest(body: unknown): CheckpointRequest {
  if (typeof body !== 'object' || body === null) throw new InvalidUpload('The body must be an object');
  const { client_id, checkpoint_request_id: id } = body as Record<string, unknown>;
  if (typeof client_id !== 'string' || !/^[^\0]{1,255}$/.test(client_id) || !client_id.isWellFormed()) {
    throw new InvalidUpload('client_id must be 1 to 255 characters of text');
  }
  if (typeof id !== 'string' || !/^(0|[1-9]\d{0,18})$/.test(id) || BigInt(id) > GREATEST) {
    throw new InvalidUpload('checkpoint_request_id must be a whole number up to 2^63 - 1, as text');
  }
  return { client_id, checkpoint_request_id: id };
}
