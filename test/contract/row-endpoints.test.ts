import { rowEndpoints } from 'powersync-backend-connector/http';
import { describe } from 'vitest';
import { testHttpContract } from './http-harness.ts';

const anyObject = { 'foreign-answer': 'a REST backend may answer any JSON without an error to a write' };

describe('rowEndpoints(), with a key for each entry', () => {
  testHttpContract({
    make: (url) => rowEndpoints({ url: `${url}/api/rows`, idempotencyHeader: 'Idempotency-Key' }),
    atomic: false,
    idempotent: true,
    without: anyObject,
  });
});

describe('rowEndpoints(), without keys', () => {
  testHttpContract({
    make: (url) => rowEndpoints({ url: `${url}/api/rows` }),
    atomic: false,
    idempotent: false,
    without: anyObject,
  });
});

describe('rowEndpoints(), with rows in parallel', () => {
  testHttpContract({
    make: (url) =>
      rowEndpoints({ url: `${url}/api/rows`, idempotencyHeader: 'Idempotency-Key', concurrency: 4 }),
    atomic: false,
    idempotent: true,
    without: anyObject,
  });
});
