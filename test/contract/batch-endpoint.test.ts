import { UploadError } from 'powersync-backend-connector';
import { batchEndpoint } from 'powersync-backend-connector/http';
import { describe } from 'vitest';
import { testHttpContract } from './http-harness.ts';

const anyObject = {
  'foreign-answer': 'without a decode of its own, any JSON object without an error is a yes',
};

describe('batchEndpoint(), a transaction per request', () => {
  testHttpContract({
    make: (url) => batchEndpoint({ url: `${url}/api/batch` }),
    atomic: true,
    idempotent: true,
    without: anyObject,
  });
});

describe('batchEndpoint(), many transactions per request', () => {
  testHttpContract({
    make: (url) => batchEndpoint({ url: `${url}/api/batch`, maxTransactions: 50 }),
    atomic: true,
    idempotent: true,
    without: anyObject,
  });
});

describe('batchEndpoint(), with a decode that knows what a yes looks like', () => {
  testHttpContract({
    make: (url) =>
      batchEndpoint({
        url: `${url}/api/batch`,
        decode({ status, json }) {
          if (status === 200 && json?.message !== 'Batch completed')
            throw new UploadError('misconfigured', 'The answer is not that of the backend.');
          return undefined;
        },
      }),
    atomic: true,
    idempotent: true,
  });
});
