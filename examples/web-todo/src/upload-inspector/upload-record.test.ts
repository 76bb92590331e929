import { BackendConnector, type UploadEvent } from 'powersync-backend-connector';
import { expect, test } from 'vitest';
import { addEvent, addQueueLength, emptyRecord, type UploadRecord } from './upload-record.ts';
import { outcomeOf } from './words.ts';

const connector = new BackendConnector({
  endpoint: 'https://sync.example.com',
  credentials: () => Promise.resolve(null),
  transport: () => Promise.resolve([]),
});
const sent = { key: 'k', transactions: 3, entries: 4 };
const answer = { type: 'answer', ...sent, attempt: 1, durationMs: 20 } as const;

function after(...events: UploadEvent[]): UploadRecord {
  return events.reduce(
    (record, event, index) => addEvent(record, event, 1_000 + index, 2),
    emptyRecord(connector.status),
  );
}

test('a request is running until it is answered', () => {
  const record = after({ type: 'attempt', ...sent, attempt: 1 });
  expect(record.requests).toMatchObject([{ startedAt: 1_000, transactions: 3, entries: 4, attempt: 1 }]);
  expect(record.requests.map(outcomeOf)).toEqual([{ text: 'under way', tone: 'running' }]);
});

test('rejected and applied writes belong to the request before', () => {
  const record = after(
    { type: 'attempt', ...sent, attempt: 1 },
    answer,
    { type: 'rejected', key: 'k', code: 'invalid', tables: ['todos'], entryIndex: 0, decision: 'complete' },
    { type: 'completed', key: 'k', applied: 2, rejected: 1 },
  );
  expect(record.requests.map(outcomeOf)).toEqual([{ text: '1 of 3 rejected', more: 'invalid', tone: 'bad' }]);
});

test('a failure has its code, and the next attempt its number', () => {
  const record = after(
    { type: 'attempt', ...sent, attempt: 1 },
    { ...answer, code: 'network' },
    {
      type: 'failed',
      code: 'network',
      message: '',
      phase: 'waiting',
      failures: 1,
      nextAttemptAt: 9_000,
      stalledSince: 1_002,
    },
    { type: 'attempt', ...sent, attempt: 2 },
  );
  expect(record.failures).toBe(1);
  expect(record.requests.map((request) => [request.attempt, outcomeOf(request).text])).toEqual([
    [1, 'network'],
    [2, 'under way'],
  ]);
});

test('the oldest is dropped if there are more than the limit', () => {
  const record = after(
    { type: 'attempt', ...sent, attempt: 1 },
    { type: 'attempt', ...sent, attempt: 2 },
    { type: 'attempt', ...sent, attempt: 3 },
  );
  expect(record.requests.map(({ id, attempt }) => [id, attempt])).toEqual([
    [2, 2],
    [3, 3],
  ]);
});

test('the length of the queue is recorded when it changes', () => {
  const record = [2, 2, 0].reduce(
    (before, length, at) => addQueueLength(before, length, at, 10),
    emptyRecord(connector.status),
  );
  expect(record.queue).toEqual([
    { at: 0, length: 2 },
    { at: 2, length: 0 },
  ]);
});
