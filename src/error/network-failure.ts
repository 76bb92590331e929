/** The members that show a failed connection, of an error or of what a platform throws instead of one. */
interface Thrown {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/**
 * How messages begin: Chromium, Firefox, Safari, React Native, Node (`terminated`, `other side closed`), Deno and
 * Tauri, Cloudflare Workers (`Network connection lost.`, `internal error; reference = …`), axios, and iOS and Android
 * through Capacitor. Each goes on as far as the platform's own words do, because what matches is shown. Anywhere in a
 * message: the network stack of Chromium (Electron, and Cronet in Nitro) and that of Apple.
 */
const MESSAGE =
  /^(failed to fetch|load failed|(fetch failed: )?unable to resolve host( "[\w.-]+")?|fetch failed|network ?error( when attempting to fetch resource)?|terminated$|other side closed|socket hang up|error sending( request for url \(https?:\/\/[\w.:/-]+\))?|internal error(?=; reference|$)|((the )?(network|internet) (request|connection)|the request timed out|a server with the specified hostname|could not connect to the server)( failed| timed out| (was )?lost| could not be found| appears to be offline)?|failed to connect(?= to )|(getaddrinfo|connect) e(conn|notfound|ai_|host|net|timed)[a-z_]*( [\w.:-]+)?$|software caused connection abort|unexpected end of stream)\.?|\bnet::ERR_[A-Z_]*|\bNSURLErrorDomain\b( Code=-\d+)?/i;

/** Codes of sockets of Node and Bun, of undici, axios and TLS, and Java classes that Capacitor gives as `code`. */
const CODE =
  /^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EPIPE|EPROTO|ESOCKET|UND_ERR_(?!INVALID|NOT_SUPPORTED|ABORTED)|ERR_NETWORK|ERR_SSL|ERR_TLS|ERR_HTTP2|CERT_|ConnectionRefused|ConnectionClosed|FailedToOpenSocket|NSURLErrorDomain)[A-Z\d_]*$|^(\w+\.)*(UnknownHost|Connect|NoRouteToHost|Socket\w*|SSL\w*|EOF)Exception$/;

/** Whether the error itself is a failed connection; its causes aren't checked. */
export function isNetworkError(thrown: unknown): boolean {
  const { name } = Object(thrown) as Thrown;
  return name === 'NetworkError' || networkWords(thrown) !== undefined;
}

/**
 * What a platform says of a failed connection: its words without what stands before or behind them, or its code.
 * Undefined if it is no such failure.
 */
export function networkWords(thrown: unknown): string | undefined {
  const { name, message, code } = Object(typeof thrown === 'string' ? { message: thrown } : thrown) as Thrown;
  const said = typeof message === 'string' && MESSAGE.exec(message);
  if (said) return said[0];
  return typeof code === 'string' &&
    (CODE.test(code) || (name === 'TypeError' && /^E(?!RR_)[A-Z_]+$/.test(code)))
    ? code
    : undefined;
}

/** Whether the error or one of its causes is a failed connection: apps and clients wrap such errors. */
export function isNetworkFailure(thrown: unknown): boolean {
  let each = thrown;
  for (let depth = 0; each && depth < 10; depth++, each = (each as Thrown).cause)
    if (isNetworkError(each)) return true;
  return false;
}
