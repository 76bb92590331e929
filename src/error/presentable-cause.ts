import { networkWords } from './network-failure.ts';
import { isOwnError, isOwnUploadError } from './own-error.ts';

/** Members of platform errors. Any other member may be a request with its token, or an answer with its body. */
const PLAIN =
  /^(name|message|stack|cause|code|errno|syscall|address|port|hostname|socket|line|column|sourceURL)$/;

/** Every message that platforms use for an abort. Libraries throw an `AbortError` with the message of its reason. */
const ABORTED =
  /^((the|this|a|operation|request|user|signal|fetch|bodystreambuffer|is|was|has|been|abort|aborted|without|reason|due|to|timeout|timed|out|cancell?ed)\b[ .]*)*(: [A-Z]+ https?:\/\/[\w.:/-]+)?$/i;

/** SQLite's words, which name tables and columns at most. */
const SQLITE =
  /SQLITE_[A-Z_]+|database (table )?is locked|database or disk is full|database disk image is malformed|disk I\/O error|unable to open database file|attempt to write a readonly database|no such (table|column): \w+(\.\w+)?|(UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(: \w+\.\w+(, \w+\.\w+)*)?/g;

/**
 * A URL, split into scheme, host and the rest, as far as a blank. The rest is cut, but for what closes the sentence or
 * the brackets around the URL: a path or query may hold an id or a key, in brackets and quotes as well.
 */
const URLS = /\b([a-z][\w+.-]{0,15}:\/\/)(?:[^\s/?#]*@)?([\w.-]*(?::\d+)?\/?)\S*?(?=[)"']?[:,.]*(\s|$))/gi;

/** Names of classes of errors. Any other name may be data. */
const CLASS = /^[\w$]{0,40}(Error|Exception)$/;

/**
 * Returns the cause without row data. Errors of the app's code and of `JSON.parse` quote the value that they failed on.
 * So the message is kept only for errors of this library. Of those of SQLite and of connections the known words are
 * kept, or the error code; of any other error only the name and the places in the stack. The same goes for the causes
 * of the cause.
 */
export function presentable(cause: unknown, depth = 0): Error | undefined {
  try {
    return isError(cause) && depth < 10 ? presented(cause, depth) : undefined;
  } catch {
    return undefined; // a proxy, or a getter that throws
  }
}

/** Whether it is an error, perhaps of another realm: a frame, a `vm` context, a test runner's. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

/** The name of an error, if it can't be data. */
export function shownName({ name }: Error): string {
  return CLASS.test(name) ? name : 'Error';
}

function presented(cause: Error, depth: number): Error {
  if (isOwnUploadError(cause)) return cause; // made by this library, with a cause that is presentable already
  const { message, stack, cause: behind } = cause;
  const inner = presentable(behind, depth + 1);
  const said = knownWords(cause, message.slice(0, 1_000).replace(URLS, '$1$2'));
  // A symbol may be a mark, as undici sets on its errors. Others keep the request there.
  const isPlain = Reflect.ownKeys(cause).every((member) =>
    typeof member === 'string' ? PLAIN.test(member) : typeof Reflect.get(cause, member) === 'boolean',
  );
  const name = shownName(cause);
  if (isPlain && inner === behind && said === message && name === cause.name) return cause;
  const shown = said || 'The message is withheld: it may hold row data.';
  const copy = new Error(shown, inner && { cause: inner });
  // Stack lines of V8 and Hermes, or of Safari and Firefox. A line that is also in the message isn't one.
  const lines = new Set(message.split('\n').map((line) => line.trim()));
  const places = `${stack}`
    .split('\n')
    .filter(
      (line) => line.length < 999 && !lines.has(line.trim()) && /^(\s*at .*|\S*@\S+):\d+\)?$/.test(line),
    );
  return Object.defineProperties(copy, {
    name: { value: name },
    stack: { value: [`${name}: ${shown}`, ...places].join('\n') },
  });
}

/** What may be shown of a message: all of it, the words of a platform or of SQLite, or nothing. */
function knownWords(cause: Error & { readonly code?: unknown }, message: string): string | undefined {
  const { name, code } = cause;
  if (isOwnError(cause)) return message;
  if (/^(Abort|Timeout)Error$/.test(name)) return ABORTED.exec(message)?.[0];
  return networkWords({ name, message, code }) ?? message.match(SQLITE)?.join(': ');
}
