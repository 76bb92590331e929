import { isOwnError } from '../own-error.ts';
import { isNetworkError } from './network-failure.ts';

/** Members of platforms' own errors; any other may be a request with its token, or an answer with its body. */
const PLAIN =
  /^(name|message|stack|cause|code|errno|syscall|address|port|hostname|socket|line|column|sourceURL|budget|status|retryAfterMs)$/;

/** Errors of platforms beside those of a connection. */
const KNOWN = /^(AbortError|TimeoutError)$/;

/** Origin, and what follows: a path or query may hold an id, or a key. */
const URLS = /\b([a-z][\w+.-]{0,15}:\/\/)(?:[^\s/?#"'()@]*@)?([^\s/?#"'()]+)(?:\/?[^\s/"'()][^\s"'()]*)?/gi;

/**
 * A cause without row data: the code of an app, and `JSON.parse`, quote what they can't take. Of an error that is neither
 * this library's nor that of a connection only the name and the places in its stack are kept, of causes behind it alike.
 */
export function presentable(cause: unknown, depth = 0): Error | undefined {
  try {
    return cause instanceof Error && depth < 10 ? presented(cause, depth) : undefined;
  } catch {
    return undefined; // a proxy, or a getter that throws
  }
}

function presented(cause: Error, depth: number): Error {
  if (cause.name === 'UploadError') return cause; // made here, of a cause that was presentable
  const { name, message, stack, cause: behind } = cause;
  const inner = presentable(behind, depth + 1);
  const isKnown = KNOWN.test(name) || isOwnError(cause) || isNetworkError(cause);
  const said = isKnown
    ? message.slice(0, 1_000).replace(URLS, '$1$2')
    : 'The message is withheld, since it may hold row data.';
  const isPlain = Object.getOwnPropertyNames(cause).every((member) => PLAIN.test(member));
  if (isKnown && isPlain && inner === behind && said === message) return cause;
  const copy = new Error(said, inner && { cause: inner });
  const shownName = /^[\w$.]{1,64}$/.test(name) ? name : 'Error';
  const places = placesIn(`${stack}`, message);
  return Object.defineProperties(copy, {
    name: { value: shownName, configurable: true, writable: true },
    stack: { value: [`${shownName}: ${said}`, ...places].join('\n'), configurable: true, writable: true },
  });
}

/** The lines of a stack that are places in code, of V8 and Hermes, or of Safari and Firefox; no line of the message is. */
function placesIn(stack: string, message: string): string[] {
  const own = new Set(message.split('\n').map((line) => line.trim()));
  return stack
    .slice(0, 20_000 + message.length)
    .split('\n')
    .filter(
      (line) =>
        line.length < 1_000 &&
        /^(\s*at \S.{0,500}|\S{0,200}@\S{1,500}):\d+(:\d+)?\)?$|^\s*at \S+ \((native|<anonymous>)\)$/.test(
          line,
        ) &&
        !own.has(line.trim()),
    );
}
