import type { JsonAnswer } from '../http/json-answer.ts';
import type { RowOutcome } from '../http/row-endpoints.ts';
import { isSuccess } from '../outcome/http-answer.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { UploadError } from '../outcome/upload-error.ts';
import { defaultVerdict } from '../outcome/verdict.ts';
import type { UploadBatch } from '../transport.ts';
import { UNCLASSIFIED_BUDGET } from '../write-api/read-results.ts';
import { codeFromFailureText } from './failure-text.ts';

/** What an answer means that may be an outage as well as a fault of the write: by the words in it, if they are known. */
export function refusalByWords(answer: JsonAnswer, words: unknown): RowOutcome {
  const code = (typeof words === 'string' && codeFromFailureText(words)) || 'unclassified';
  const budget = code === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
  const error = new UploadError(code, `The backend failed to apply it (HTTP status ${answer.status}).`, {
    status: answer.status,
    budget,
  });
  return { status: 'rejected', error, details: answer.json, inBand: isSuccess(answer) };
}

/** The same for a batch. What doesn't speak of a single transaction is thrown. */
export function batchRefusalByWords(
  answer: JsonAnswer,
  words: unknown,
  { transactions }: UploadBatch,
): Outcome[] {
  const outcome = refusalByWords(answer, words);
  if (outcome.status === 'applied') return [];
  const verdict = defaultVerdict(outcome.error.code);
  if (transactions.length > 1 || verdict === 'retry' || verdict === 'hold') throw outcome.error;
  return [outcome];
}

export function allApplied({ transactions }: UploadBatch): Outcome[] {
  return transactions.map(() => ({ status: 'applied' }));
}
