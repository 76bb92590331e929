import { writeApi } from 'powersync-backend-connector/http';
import { testHttpContract } from './http-harness.ts';

testHttpContract({
  make: (url) => writeApi({ url: `${url}/api/data` }),
  atomic: true,
  idempotent: true,
});
