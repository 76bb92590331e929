import { UploadError } from '../error/upload-error.ts';

/** Most bytes of an answer that are read. A real answer is far smaller in every contract. */
const MAX_ANSWER_BYTES = 5_000_000;

/** The members of a `fetch` Response that are needed to read its body. */
export interface AnswerBody {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** Missing in React Native. */
  readonly body?: {
    getReader(): {
      read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
      cancel(): Promise<unknown>;
    };
  } | null;
  text(): Promise<string>;
}

/** Cancels a body that isn't read, because it would keep its connection busy. */
export function cancelBody({ body }: Pick<AnswerBody, 'body'>): void {
  void body
    ?.getReader()
    .cancel()
    .catch(() => {});
}

/** Reads a body as text, up to a limit: a wrong address may send anything, and a phone has little memory. */
export async function readBody(response: AnswerBody, place: string): Promise<string> {
  const tooLarge = (): UploadError =>
    new UploadError(
      'misconfigured',
      `${place} answered with more than ${MAX_ANSWER_BYTES} bytes, which can't be the answer to an upload. The writes stay queued.`,
      { status: response.status },
    );
  if (Number(response.headers.get('content-length')) > MAX_ANSWER_BYTES) {
    cancelBody(response);
    throw tooLarge();
  }
  const text = await readText(response, tooLarge).catch((cause) => {
    if (cause instanceof UploadError) throw cause;
    throw new UploadError(
      'network',
      'The connection ended in the middle of the answer. The writes stay queued.',
      { cause },
    );
  });
  if (text.length > MAX_ANSWER_BYTES) throw tooLarge();
  return text;
}

async function readText(response: AnswerBody, tooLarge: () => UploadError): Promise<string> {
  if (!response.body || typeof TextDecoder === 'undefined') return response.text();
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !value) return text + decoder.decode();
    bytes += value.length;
    if (bytes > MAX_ANSWER_BYTES) {
      void reader.cancel().catch(() => {});
      throw tooLarge();
    }
    text += decoder.decode(value, { stream: true });
  }
}
