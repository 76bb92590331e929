import type { HttpAnswer } from '../contract/http-answer.ts';
import { parseJson } from '../contract/json.ts';

/** An HTTP answer with its body parsed as JSON. */
export interface JsonAnswer extends HttpAnswer {
  /** The parsed body; undefined if it is empty or not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: what a backend says, for the app's own code to read.
  readonly json: any;
}

export function withJson(answer: HttpAnswer): JsonAnswer {
  return { ...answer, json: parseJson(answer.text) };
}
