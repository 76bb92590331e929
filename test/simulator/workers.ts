// Divides work among processes, one for each core.

import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Runs the script once for each core, with its share as arguments, and prints their output. True if all succeeded. */
export async function shareOut<Message>(
  script: string,
  args: readonly string[],
  onMessage: (message: Message) => void,
): Promise<boolean> {
  const count = availableParallelism();
  const ended = Array.from(
    { length: count },
    (_, part) =>
      new Promise<boolean>((resolve) => {
        const child = fork(script, [...args, '--part', `${part}/${count}`]);
        child.on('message', (message) => onMessage(message as Message));
        child.on('exit', (code) => resolve(code === 0));
      }),
  );
  return (await Promise.all(ended)).every(Boolean);
}

/** Whether the piece of work with this number belongs to this share. */
export function isMine(part: string, index: number): boolean {
  const [mine = 0, count = 1] = part.split('/').map(Number);
  return index % count === mine;
}
