import { isNetworkError } from './network-failure.ts';
import { isOwnError } from './own-error.ts';

/** Members of platform errors. Any other member may be a request with its token, or an answer with its body. */
const PLAIN =
  /^(name|message|stack|cause|code|errno|syscall|address|port|hostname|socket|line|column|sourceURL|budget|status|retryAfterMs)$/;

/** Names of platform errors, whose messages hold no row data. */
const PLATFORMS = /^(Type|Network|Socket)Error$/;

/** Messages about connections in platform errors that are a plain `Error` or have no code. */
const WORDS =
  /^(network connection lost|internal error|fetch failed: |other side closed|socket hang up|error sending request|.{0,99}(net::ERR_|NSURLErrorDomain))/i;

/** Every message that platforms use for an abort. Libraries throw an `AbortError` with the message of its reason. */
const ABORTED =
  /^((the|this|a|operation|request|user|signal|fetch|bodystreambuffer|is|was|has|been|abort|aborted|without|reason|due|to|timeout|timed|out|cancell?ed)\b[ .]*)*(: [A-Z]+ https?:\S+)?$/i;

/** SQLite's messages: they name tables and columns at most. */
const SQLITE =
  /^[^'"]{0,60}?(SQLITE_[A-Z_]+|database (table )?is locked|database or disk is full|database disk image is malformed|disk I\/O error|unable to open database file|attempt to write a readonly database|no such (table|column): [\w.]+|(UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(: [\w., ]+)?)[^'"]{0,40}$/;

/** A URL, split into scheme, host and the rest. The rest is cut: a path or query may hold an id or a key. */
const URLS = /\b([a-z][\w+.-]{0,15}:\/\/)(?:[^\s/?#"'()@]*@)?([^\s/?#"'()]+)(?:\/?[^\s/"'()][^\s"'()]*)?/gi;

/**
 * Returns the cause without row data. Errors of the app's code and of `JSON.parse` quote the value that they failed on.
 * So the message is kept only for errors of this library, of SQLite, and of connections; of any other error only the
 * name and the places in the stack are kept. The same goes for the causes of the cause.
 */
export function presentable(cause: unknown, depth = 0): Error | undefined {
  try {
    return cause instanceof Error && depth < 10 ? presented(cause, depth) : undefined;
  } catch {
    return undefined; // a proxy, or a getter that throws
  }
}

function presented(cause: Error, depth: number): Error {
  if (cause.name === 'UploadError') return cause; // made by this library, with a cause that is presentable already
  const { name, message, stack, cause: behind } = cause;
  const inner = presentable(behind, depth + 1);
  const isKnown = isOwnError(cause) || isPlatforms(cause) || SQLITE.test(message);
  const said = isKnown
    ? message.slice(0, 1_000).replace(URLS, '$1$2')
    : 'The message is withheld, since it may hold row data.';
  const isPlain = Reflect.ownKeys(cause).every((member) =>
    typeof member === 'string' ? PLAIN.test(member) : isMark(Reflect.get(cause, member)),
  );
  if (isKnown && isPlain && inner === behind && said === message) return cause;
  const copy = new Error(said, inner && { cause: inner });
  const shownName = /^[\w$.]{1,64}$/.test(name) ? name : 'Error';
  // Stack lines of V8 and Hermes, or of Safari and Firefox. A line that is also in the message isn't one.
  const lines = new Set(message.split('\n').map((line) => line.trim()));
  const places = `${stack}`
    .split('\n')
    .filter(
      (line) => line.length < 999 && !lines.has(line.trim()) && /^(\s*at .*|\S*@\S+):\d+\)?$/.test(line),
    );
  return Object.defineProperties(copy, {
    name: { value: shownName },
    stack: { value: [`${shownName}: ${said}`, ...places].join('\n') },
  });
}

/** Whether the value of a symbol member is a mark, as undici sets on its errors. Others keep the request there. */
function isMark(value: unknown): boolean {
  return typeof value === 'boolean';
}

/** Whether the message is the platform's. An app's own message may begin alike: `Failed to fetch todo …`. */
function isPlatforms(cause: Error & { readonly code?: unknown }): boolean {
  const { name, message, code } = cause;
  if (/^(Abort|Timeout)Error$/.test(name)) return ABORTED.test(message.slice(0, 1_000));
  return isNetworkError(cause) && (isNetworkError({ code }) || PLATFORMS.test(name) || WORDS.test(message));
}
