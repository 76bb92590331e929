import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createClient } from '@supabase/supabase-js';
import { edgeFunction } from 'powersync-backend-connector/supabase';
import type { Backend } from '../../examples/backend/server.ts';
import { testHttpContract } from './http-harness.ts';

/** Where Supabase would run the function: the example backend stands in for it, at the path of functions. */
async function serve(backend: Backend): Promise<{ url: string }> {
  const server = createAdaptorServer({
    overrideGlobalObjects: false,
    async fetch(request: Request) {
      const { pathname } = new URL(request.url);
      if (pathname !== '/functions/v1/upload') return new Response('no such function', { status: 404 });
      const { method, headers } = request;
      return backend.fetch(
        new Request(`${backend.url}/api/data`, { method, headers, body: await request.text() }),
      );
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

testHttpContract({
  serve,
  make: (url) =>
    edgeFunction({
      client: createClient(url, 'anon-key', { auth: { persistSession: false, autoRefreshToken: false } }),
      name: 'upload',
    }),
  atomic: true,
  idempotent: true,
});
