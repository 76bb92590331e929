/** The service announces the end of a token this long before it. */
const WARNING_MS = 20_000;
/** The remaining time that is sent for a token without an end. */
const ENDLESS_SECONDS = 3600;

export interface TokenClock {
  /** When the token ends, in seconds since the epoch, if it does. */
  exp: number | undefined;
  keepaliveMs: number;
  /** Called from time to time with the remaining seconds. The last call has 0. */
  tick: (secondsLeft: number) => void;
}

/** Tells a stream when to send keepalives and when its token ends. Returns a function that stops this. */
export function startTokenClock({ exp, keepaliveMs, tick }: TokenClock): () => void {
  const expiresAt = exp === undefined ? Number.POSITIVE_INFINITY : exp * 1000;
  let timer: NodeJS.Timeout | undefined;

  const wait = () => {
    const now = Date.now();
    const untilWarning = expiresAt - WARNING_MS - now;
    const untilEnd = expiresAt - now;
    const delay = Math.min(keepaliveMs, untilWarning > 0 ? untilWarning : untilEnd);
    timer = setTimeout(() => {
      const left = secondsLeft();
      tick(left);
      if (left > 0) wait();
    }, delay + 1);
  };

  const secondsLeft = () =>
    exp === undefined ? ENDLESS_SECONDS : Math.max(0, Math.ceil(exp - Date.now() / 1000));

  wait();
  return () => clearTimeout(timer);
}
