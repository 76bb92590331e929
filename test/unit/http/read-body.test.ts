import { describe, expect, it } from 'vitest';
import { type AnswerBody, readBody } from '../../../src/http/read-body.ts';

const read = (response: unknown) => readBody(response as AnswerBody, 'https://api.test');

/** A body of so many chunks of a megabyte, which notes how many were taken. */
function endless(chunks = Number.POSITIVE_INFINITY) {
  let taken = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken++ >= chunks) controller.close();
        else controller.enqueue(new Uint8Array(1_000_000).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(stream), taken: () => taken, cancelled: () => cancelled };
}

describe('readBody()', () => {
  it('reads text in any pieces', async () => {
    const bytes = new TextEncoder().encode('{"a":"é🔑"}');
    const stream = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    expect(await read(new Response(stream))).toBe('{"a":"é🔑"}');
    expect(await read(new Response(null, { status: 204 }))).toBe('');
  });

  it('stops reading what is far too long, and says so', async () => {
    const { response, taken, cancelled } = endless();
    await expect(read(response)).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining('5000000 bytes'),
    });
    expect(taken()).toBeLessThan(8);
    expect(cancelled()).toBe(true);
  });

  it('reads nothing of what says itself that it is too long', async () => {
    const { response, taken, cancelled } = endless();
    const announced = { ...headersOf({ 'content-length': '50000000' }), status: 200, body: response.body };
    await expect(read(announced)).rejects.toMatchObject({ code: 'misconfigured' });
    expect([taken(), cancelled()]).toEqual([0, true]);
  });

  it('takes a body of just the limit', async () => {
    expect(await read(endless(5).response)).toHaveLength(5_000_000);
  });

  it('where there are no streams (React Native), looks at the text', async () => {
    const native = (text: string) => ({ ...headersOf(), status: 200, text: async () => text });
    expect(await read(native('{}'))).toBe('{}');
    await expect(read(native(' '.repeat(5_000_001)))).rejects.toMatchObject({ code: 'misconfigured' });
  });

  it('a connection that ends in the middle is a network error', async () => {
    const stream = new ReadableStream({
      pull: (controller) => controller.error(new TypeError('terminated')),
    });
    await expect(read(new Response(stream))).rejects.toMatchObject({ code: 'network' });
  });
});

function headersOf(init: Record<string, string> = {}) {
  return { headers: new Headers(init) };
}
