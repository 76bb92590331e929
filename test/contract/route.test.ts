import { route } from 'powersync-backend-connector/combine';
import { batchEndpoint, rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import { describe } from 'vitest';
import { testHttpContract } from './http-harness.ts';

describe('route(), by table', () => {
  testHttpContract({
    make: (url) =>
      route({
        notes: writeApi({ url: `${url}/api/data` }),
        default: rowEndpoints({ url: `${url}/nowhere` }),
      }),
    atomic: true,
    idempotent: true,
  });
});

describe('route(), where transactions span two transports', () => {
  testHttpContract({
    make: (url) =>
      route([
        { match: ({ op }) => op === 'PUT', transport: batchEndpoint({ url: `${url}/api/batch` }) },
        { match: '*', transport: writeApi({ url: `${url}/api/data` }) },
      ]),
    atomic: false,
    idempotent: true,
    without: { 'foreign-answer': 'batchEndpoint() takes any JSON object without an error for a yes' },
  });
});
