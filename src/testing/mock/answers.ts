import type { MockAnswer } from './contract.ts';

export function json(status: number, value: unknown, headers: Record<string, string> = {}): MockAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

/** Makes a refusal in the most common form. */
export function message(status: number, text: string): MockAnswer {
  return json(status, { message: text });
}

/** Makes a web page, like the answer of a captive portal, a proxy or a wrong address. */
export function page(status: number): MockAnswer {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: '<!doctype html><title>Welcome</title><p>This is a web page, not the backend.</p>',
  };
}

export function cutInHalf(answer: MockAnswer): MockAnswer {
  return { ...answer, body: answer.body.slice(0, Math.floor(answer.body.length / 2)) };
}

/** Statuses without a body. `Response` throws if it gets one. */
const WITHOUT_BODY = [204, 205, 304];

export function toResponse({ status, headers, body }: MockAnswer): Response {
  return new Response(WITHOUT_BODY.includes(status) ? null : body, { status, headers });
}
