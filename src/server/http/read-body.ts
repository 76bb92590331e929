import { InvalidUpload } from '../read-upload.ts';

export class BodyTooLarge extends Error {}
export class BodyTooSlow extends Error {}

/**
 * Reads a body as text, and stops at the limit, announced or not.
 *
 * @throws BodyTooLarge
 * @throws BodyTooSlow
 * @throws InvalidUpload if it isn't UTF-8: a decoder that puts other characters in its place would change data.
 */
export async function readBody(request: Request, maxBytes: number, milliseconds: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw new BodyTooLarge();
  const reader = request.body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BodyTooSlow()), milliseconds);
  });
  try {
    let text = '';
    let bytes = 0;
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), tooSlow]);
      if (done) return text + decode(decoder);
      bytes += value.byteLength;
      if (bytes > maxBytes) throw new BodyTooLarge();
      text += decode(decoder, value);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch {
    throw new InvalidUpload('The body must be UTF-8');
  }
}
