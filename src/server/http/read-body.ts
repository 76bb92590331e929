import { InvalidUpload } from '../read-upload.ts';

export class BodyTooLarge extends Error {}
/** It stopped, broke off, or is too slow. The client sends it again. */
export class BodyIncomplete extends Error {}

/**
 * Reads a body as text, and stops at the limit, announced or not.
 *
 * @throws BodyTooLarge
 * @throws BodyIncomplete
 * @throws InvalidUpload if it isn't UTF-8: a decoder that puts other characters in its place would change data.
 */
export async function readBody(request: Request, maxBytes: number, milliseconds: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw new BodyTooLarge();
  // Such as by a middleware. What is left would look like a malformed upload, which clients give up.
  if (request.bodyUsed) throw new Error('The body was read before the handler got the request');
  const reader = request.body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BodyIncomplete()), milliseconds);
  });
  try {
    let text = '';
    let bytes = 0;
    for (;;) {
      const { done, value } = await Promise.race([read(reader), tooSlow]);
      if (done) return text + decode(decoder);
      bytes += value.byteLength;
      if (bytes > maxBytes) throw new BodyTooLarge();
      text += decode(decoder, value);
    }
  } catch (error) {
    reader.cancel().catch(() => {}); // Not awaited: the other end may never answer.
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (error) {
    throw new BodyIncomplete('The body broke off', { cause: error });
  }
}

function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch {
    throw new InvalidUpload('The body must be UTF-8');
  }
}
