/** Nothing came in time. Says nothing about the data. */
export class WaitedTooLong extends Error {
  constructor(what: string, milliseconds: number) {
    super(`${what} took longer than ${milliseconds} ms`);
    this.name = 'WaitedTooLong';
  }
}

/** Waits for a connection, or for `what`. One that comes too late is given to `giveBack`. */
export async function within<Value>(
  milliseconds: number,
  connection: Promise<Value>,
  giveBack?: (late: Value) => void,
  what = 'Getting a connection',
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let late = false;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late = true;
      reject(new WaitedTooLong(what, milliseconds));
    }, milliseconds);
  });
  const given = connection.then((value) => {
    if (late) giveBack?.(value);
    return value;
  });
  given.catch(() => {}); // Where the limit was first, nobody waits for it.
  try {
    return await Promise.race([given, limit]);
  } finally {
    clearTimeout(timer);
  }
}
