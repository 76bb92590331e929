import type { RejectedWrite } from 'powersync-backend-connector/rejections';
import type { Todo } from './todos.ts';

/** Where a to-do is on its way to the server. */
export type SaveState = 'pending' | 'uploading' | 'saved' | 'rejected';

export interface TodoWithState extends Pick<Todo, 'id' | 'description' | 'completed'> {
  readonly state: SaveState;
  /** Refused before it was ever on the server. The row is gone, and only the rejected write still has it. */
  readonly isGone?: boolean;
}

/**
 * The to-dos. Those that exist only as rejected writes are put back in their place.
 *
 * @param inFlight How many changes at the head of the queue are on their way.
 */
export function withSaveStates(
  todos: readonly Todo[],
  inFlight: number,
  rejected: readonly RejectedWrite[],
): TodoWithState[] {
  const stateOf = ({ place, isRejected }: Todo): SaveState => {
    if (place !== null) return place <= inFlight ? 'uploading' : 'pending';
    return isRejected ? 'rejected' : 'saved';
  };
  const present = todos.map((todo) => ({ ...todo, state: stateOf(todo) }));
  const gone = rejected
    .flatMap(({ entries }) => entries)
    .filter(({ op, table, id }) => op === 'PUT' && table === 'todos' && !todos.some((todo) => todo.id === id))
    .map(({ id, opData }) => ({
      id,
      description: String(opData?.description),
      completed: Number(opData?.completed),
      state: 'rejected' as const,
      isGone: true,
    }));
  return [...present, ...gone].sort((a, b) => (a.id < b.id ? 1 : -1));
}
