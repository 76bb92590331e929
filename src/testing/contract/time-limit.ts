import { ContractViolation } from './checks.ts';

/** Longest time that a transport may take to answer or to stop. */
const LIMIT_MS = 10_000;

/** Waits for a promise. Fails if that takes too long. */
export async function withinLimit<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(what)), LIMIT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(what: string): ContractViolation {
  return new ContractViolation(
    `The transport breaks its contract: it took more than ${LIMIT_MS} ms ${what}.`,
  );
}

/** Waits until a condition holds. Fails if that takes too long. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  let waited = 0;
  while (!holds()) {
    if (waited++ > LIMIT_MS / 5) throw tooLate(what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
