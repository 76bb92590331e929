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
 * through Capacitor.
 */
const MESSAGE =
  /^(fetch failed|failed to fetch|load failed|network ?error|network (request|connection)|terminated$|other side closed|socket hang up|error sending|internal error(; reference|$)|the (network|internet) connection|the request timed out|a server with the specified hostname|could not connect to the server|unable to resolve host|failed to connect to |software caused connection abort|unexpected end of stream)/i;

/** Chromium's network stack inside Electron and Cronet (Nitro), and Apple's. */
const ANYWHERE = /\bnet::ERR_|\bNSURLErrorDomain\b/;

/** Codes of sockets of Node and Bun, of undici, axios and TLS, and Java classes that Capacitor gives as `code`. */
const CODE =
  /^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EPIPE|EPROTO|ESOCKET|UND_ERR_(?!INVALID|NOT_SUPPORTED|ABORTED)|ERR_NETWORK|ERR_SSL|ERR_TLS|ERR_HTTP2|CERT_|ConnectionRefused|ConnectionClosed|FailedToOpenSocket|NSURLErrorDomain$)|^(\w+\.)*(UnknownHost|Connect|NoRouteToHost|Socket\w*|SSL\w*|EOF)Exception$/;

/** Whether the error itself is a failed connection; its causes aren't checked. */
export function isNetworkError(thrown: unknown): boolean {
  const { name, message, code } = Object(typeof thrown === 'string' ? { message: thrown } : thrown) as Thrown;
  if (name === 'NetworkError') return true;
  if (
    typeof code === 'string' &&
    (CODE.test(code) || (name === 'TypeError' && /^E(?!RR_)[A-Z_]+$/.test(code)))
  )
    return true;
  return typeof message === 'string' && (MESSAGE.test(message) || ANYWHERE.test(message));
}

/** Whether the error or one of its causes is a failed connection: apps and clients wrap such errors. */
export function isNetworkFailure(thrown: unknown): boolean {
  let each = thrown;
  for (let depth = 0; each && depth < 10; depth++, each = (each as Thrown).cause)
    if (isNetworkError(each)) return true;
  return false;
}
