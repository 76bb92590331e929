/** The members of an error, or of what a platform throws in its place, that tell a failed connection. */
interface Thrown {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/**
 * How a message begins: Chromium, Firefox, Safari, React Native, Node (`terminated`, `other side closed`), Deno and Tauri,
 * Cloudflare Workers (`Network connection lost.`, `internal error; reference = …`), axios, and iOS and Android through
 * Capacitor.
 */
const MESSAGE =
  /^(fetch failed|failed to fetch|load failed|network ?error|network (request|connection)|terminated$|other side closed|socket hang up|error sending|internal error(; reference|$)|the (network|internet) connection|the request timed out|a server with the specified hostname|could not connect to the server|unable to resolve host|failed to connect to |software caused connection abort|unexpected end of stream)/i;

/** Chromium's networking inside Electron and Cronet (Nitro), and that of Apple. */
const ANYWHERE = /\bnet::ERR_|\bNSURLErrorDomain\b/;

/** Codes of Node's and Bun's sockets, of undici, axios and TLS, and classes of Java that Capacitor gives as code. */
const CODE =
  /^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EPIPE|EPROTO|ESOCKET|UND_ERR_(?!INVALID|NOT_SUPPORTED|ABORTED)|ERR_NETWORK|ERR_SSL|ERR_TLS|ERR_HTTP2|CERT_|ConnectionRefused|ConnectionClosed|FailedToOpenSocket|NSURLErrorDomain$)|^(\w+\.)*(UnknownHost|Connect|NoRouteToHost|Socket\w*|SSL\w*|EOF)Exception$/;

/** Whether an error is that of a connection, by itself. */
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

/** The same, also where an app or a client has wrapped that error. */
export function isNetworkFailure(thrown: unknown): boolean {
  let each = thrown;
  for (let depth = 0; each && depth < 10; depth++, each = (each as Thrown).cause)
    if (isNetworkError(each)) return true;
  return false;
}
