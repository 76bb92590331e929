import type { HttpAnswer } from '../contract/http-answer.ts';
import { parseJson } from '../contract/json.ts';

/** An answer, and what its body is as JSON. */
export interface JsonAnswer extends HttpAnswer {
  /** Undefined where the body isn't JSON, or empty. */
  // biome-ignore lint/suspicious/noExplicitAny: what a backend says, for the app's own code to read.
  readonly json: any;
}

export function withJson(answer: HttpAnswer): JsonAnswer {
  return { ...answer, json: parseJson(answer.text) };
}
