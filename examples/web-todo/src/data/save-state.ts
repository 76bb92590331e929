import type { UploadStatus } from 'powersync-backend-connector';
import type { RejectedWrite } from 'powersync-backend-connector/rejections';
import type { Todo } from './todos.ts';
import type { QueuedChange } from './use-queue.ts';

/** How far a to-do is on its way to the server. */
export type SaveState = 'pending' | 'uploading' | 'saved' | 'rejected';

export interface TodoWithState extends Todo {
  readonly state: SaveState;
  /** Refused before it ever was on the server: the row is gone, only the rejected write still has it. */
  readonly isGone?: boolean;
}

/** The to-dos, with those that exist only as rejected writes put back where they were. */
export function withSaveStates(
  todos: readonly Todo[],
  queue: readonly QueuedChange[],
  inFlight: UploadStatus['inFlight'],
  rejected: readonly RejectedWrite[],
): TodoWithState[] {
  const lastPlace = new Map(queue.map(({ id }, place) => [id, place]));
  const refused = rejected.flatMap(({ entries }) => entries).filter(({ table }) => table === 'todos');
  const refusedIds = new Set(refused.map(({ id }) => id));
  const stateOf = (id: string): SaveState => {
    const place = lastPlace.get(id);
    // What is in flight is the head of the queue.
    if (place !== undefined) return place < (inFlight?.entries ?? 0) ? 'uploading' : 'pending';
    return refusedIds.has(id) ? 'rejected' : 'saved';
  };
  const present = todos.map((todo) => ({ ...todo, state: stateOf(todo.id) }));
  const gone = refused
    .filter(({ op, id }) => op === 'PUT' && !todos.some((todo) => todo.id === id))
    .map(({ id, opData }) => ({
      id,
      description: String(opData?.description),
      completed: Number(opData?.completed),
      state: 'rejected' as const,
      isGone: true,
    }));
  return [...present, ...gone].sort((a, b) => (a.id < b.id ? 1 : -1));
}
