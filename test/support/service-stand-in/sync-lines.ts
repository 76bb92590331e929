import type { BucketHistory, Operation } from './bucket-history.ts';

const OPERATIONS_PER_LINE = 1000;

/** A moment in a bucket's history, as it is sent to one client. */
export interface Checkpoint {
  lastOpId: bigint;
  writeCheckpoint: bigint | undefined;
  bucket: { bucket: string; checksum: number; count: number; priority: number; subscriptions: unknown[] };
}

export function checkpointOf(bucket: BucketHistory, writeCheckpoint: bigint | undefined): Checkpoint {
  return {
    lastOpId: bucket.lastOpId,
    writeCheckpoint,
    bucket: {
      bucket: bucket.name,
      checksum: bucket.checksum,
      count: bucket.count,
      priority: 3,
      subscriptions: [{ default: 0 }],
    },
  };
}

export function sameCheckpoint(a: Checkpoint | undefined, b: Checkpoint): boolean {
  return a?.lastOpId === b.lastOpId && a.writeCheckpoint === b.writeCheckpoint;
}

/** The first checkpoint of a stream names all buckets. The client drops buckets that it doesn't name. */
export function fullCheckpointLine(checkpoint: Checkpoint): string {
  return line({
    checkpoint: {
      ...position(checkpoint),
      buckets: [checkpoint.bucket],
      streams: [{ name: 'user_data', is_default: true, errors: [] }],
    },
  });
}

export function checkpointDiffLine(checkpoint: Checkpoint, bucketChanged: boolean): string {
  return line({
    checkpoint_diff: {
      ...position(checkpoint),
      updated_buckets: bucketChanged ? [checkpoint.bucket] : [],
      removed_buckets: [],
    },
  });
}

export function checkpointCompleteLine(checkpoint: Checkpoint): string {
  return line({ checkpoint_complete: { last_op_id: checkpoint.lastOpId.toString() } });
}

export function keepaliveLine(secondsLeft: number): string {
  return line({ token_expires_in: secondsLeft });
}

export function* dataLines(bucket: string, after: bigint, operations: Operation[]): Generator<string> {
  let position = after;
  for (let start = 0; start < operations.length; start += OPERATIONS_PER_LINE) {
    const part = operations.slice(start, start + OPERATIONS_PER_LINE);
    const next = part.at(-1)?.opId ?? position;
    yield line({
      data: {
        bucket,
        after: position.toString(),
        next_after: next.toString(),
        has_more: start + part.length < operations.length,
        data: part.map(operationEntry),
      },
    });
    position = next;
  }
}

function operationEntry(operation: Operation) {
  return {
    op_id: operation.opId.toString(),
    op: operation.op,
    object_type: operation.table,
    object_id: operation.rowId,
    checksum: operation.checksum,
    data: operation.data,
  };
}

function position(checkpoint: Checkpoint) {
  return {
    last_op_id: checkpoint.lastOpId.toString(),
    ...(checkpoint.writeCheckpoint !== undefined && {
      write_checkpoint: checkpoint.writeCheckpoint.toString(),
    }),
  };
}

function line(content: unknown): string {
  return `${JSON.stringify(content)}\n`;
}
