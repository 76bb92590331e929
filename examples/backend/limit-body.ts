import type { Context, MiddlewareHandler } from 'hono';

/**
 * Refuses bodies that are too large with 413, with or without a `Content-Length`. (Hono's middleware needs the length,
 * if the server doesn't replace the global `Request`.)
 */
export function limitBody(maxBytes: number): MiddlewareHandler {
  const tooLarge = (c: Context): Response => c.json({ message: 'request entity too large' }, 413);
  return async (c, next) => {
    const { raw } = c.req;
    const announced = raw.headers.get('content-length');
    if (Number(announced) > maxBytes) return tooLarge(c);
    if (announced === null && raw.body) {
      const body = await readUpTo(raw.body, maxBytes);
      if (!body) return tooLarge(c);
      const { url, method, headers } = raw;
      c.req.raw = new Request(url, { method, headers, body: body.size > 0 ? body : null });
    }
    return next();
  };
}

async function readUpTo(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Blob | undefined> {
  const chunks: BlobPart[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk.slice());
  }
  return new Blob(chunks);
}
