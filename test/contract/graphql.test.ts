import { graphql } from 'powersync-backend-connector/graphql';
import { testHttpContract } from './http-harness.ts';

testHttpContract({ make: (url) => graphql({ url: `${url}/graphql` }), atomic: true, idempotent: true });
