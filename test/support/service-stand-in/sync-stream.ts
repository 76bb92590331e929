import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { coalesced } from './coalesced.ts';
import {
  type Checkpoint,
  checkpointCompleteLine,
  checkpointDiffLine,
  checkpointOf,
  dataLines,
  fullCheckpointLine,
  keepaliveLine,
  sameCheckpoint,
} from './sync-lines.ts';
import { startTokenClock } from './token-clock.ts';
import type { UserData } from './user-data.ts';

export interface SyncStreamOptions {
  user: UserData;
  clientId: string | undefined;
  /** How much of the bucket the client already has. */
  after: bigint;
  exp: number | undefined;
  keepaliveMs: number;
  onOperationsSent: (count: number) => void;
}

/** Writes sync lines until the token or the connection ends. Resolves when the stream is over. */
export async function runSyncStream(response: ServerResponse, options: SyncStreamOptions): Promise<void> {
  const { user, clientId, exp, keepaliveMs, onOperationsSent } = options;
  const closed = new AbortController();
  let position = options.after;
  let told: Checkpoint | undefined;

  const write = async (text: string) => {
    if (closed.signal.aborted || response.writableEnded) return;
    if (!response.write(text)) await once(response, 'drain', { signal: closed.signal });
  };

  const tellNews = coalesced(async () => {
    const { bucket } = user;
    const reached = clientId === undefined ? undefined : user.writeCheckpoints.reached(clientId);
    const checkpoint = checkpointOf(bucket, reached);
    if (sameCheckpoint(told, checkpoint)) return;
    const bucketChanged = told?.lastOpId !== checkpoint.lastOpId;
    const operations = bucket.since(position);
    const text = told ? checkpointDiffLine(checkpoint, bucketChanged) : fullCheckpointLine(checkpoint);
    told = checkpoint;

    await write(text);
    for (const data of dataLines(bucket.name, position, operations)) await write(data);
    await write(checkpointCompleteLine(checkpoint));
    position = checkpoint.lastOpId;
    onOperationsSent(operations.length);
  });
  const tellNewsSoon = () => {
    tellNews().catch((error: unknown) => {
      if (!closed.signal.aborted) response.destroy(error as Error);
    });
  };

  const stopWatching = user.onRefresh(tellNewsSoon);
  const stopClock = startTokenClock({
    exp,
    keepaliveMs,
    tick(secondsLeft) {
      if (response.writableEnded) return;
      response.write(keepaliveLine(secondsLeft));
      if (secondsLeft === 0) response.end();
    },
  });
  tellNewsSoon();

  await new Promise<void>((resolve) => {
    if (response.destroyed) resolve();
    else response.once('close', resolve);
  });
  closed.abort();
  stopClock();
  stopWatching();
}
