// The routes.

import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { type ApplyOptions, applyTransactions } from './apply-transactions.ts';
import { applyBatch } from './batch.ts';
import { createGraphql } from './graphql.ts';
import { limitBody } from './limit-body.ts';
import { readRow, writeRow } from './rows.ts';
import { TokenRefused, type Tokens } from './tokens.ts';
import { InvalidUpload, readUpload } from './validate.ts';

export interface AppOptions extends ApplyOptions {
  tokens: Tokens;
  /** The PowerSync Service that clients sync with. Sent to them with the token. */
  powersyncUrl: () => string;
  /** Default 102 400. A client should expect this limit of any backend that it doesn't know. */
  maxBodyBytes?: number;
  /** Origins of the web pages that may call. Default `*`: without a cookie, no page can use a user's token. */
  corsOrigin?: string | string[];
}

export function createApp(options: AppOptions): Hono {
  const { tokens, powersyncUrl, maxBodyBytes = 102_400, corsOrigin = '*', log } = options;
  const app = new Hono();

  // This comes first, so that refusals (401, 413, 500) have the CORS headers too. Without them, a browser hides the
  // answer and the client sees a network error. Then it retries forever, although it should split the upload or sign
  // in.
  app.use(
    cors({
      origin: corsOrigin,
      allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      allowHeaders: ['authorization', 'content-type', 'x-requested-with', 'idempotency-key'],
      exposeHeaders: ['date', 'retry-after'],
      maxAge: 3600,
    }),
  );

  app.get('/', (c) => c.json({ message: 'backend' }));

  // A DEMO LOGIN: IT GIVES A TOKEN FOR ANY USER TO ANYBODY WHO ASKS, AND AUTHENTICATES NOBODY. Replace it before use.
  app.get('/api/auth/token', async (c) => {
    const userId = c.req.query('user_id');
    if (!userId) return c.json({ message: 'user_id is required' }, 400);
    return c.json({ token: await tokens.issue(userId), powersync_url: powersyncUrl() });
  });

  app.get('/api/auth/keys', (c) => c.json(tokens.jwks()));

  const limited = limitBody(maxBodyBytes);

  app.post('/api/data', limited, async (c) => {
    const userId = await authenticate(c, tokens);
    const transactions = readUpload(await jsonBody(c));
    return c.json({ results: await applyTransactions(options, userId, transactions) });
  });

  app.post('/api/batch', limited, async (c) => {
    const userId = await authenticate(c, tokens);
    return applyBatch(options, userId, await jsonBody(c));
  });

  app.on(['PUT', 'PATCH', 'DELETE'], '/api/rows/:table/:id', limited, async (c) => {
    const userId = await authenticate(c, tokens);
    return writeRow(options, userId, {
      ...c.req.param(),
      op: c.req.method,
      key: c.req.header('idempotency-key'),
      columns: c.req.method === 'DELETE' ? undefined : await jsonBody(c),
    });
  });

  app.get('/api/rows/:table/:id', async (c) =>
    readRow(options, await authenticate(c, tokens), c.req.param()),
  );

  const graphql = createGraphql(options);
  app.post('/graphql', limited, async (c) => graphql(c.req.raw, await authenticate(c, tokens)));

  app.notFound((c) => c.json({ message: 'No such route' }, 404));

  app.onError((error, c) => {
    if (error instanceof InvalidUpload) return c.json({ message: error.message }, 400);
    if (error instanceof HTTPException) return c.json({ message: error.message }, error.status);
    // The error itself isn't sent: it may quote data, or say too much about the server.
    log(error);
    return c.json({ message: 'Internal server error' }, 500);
  });

  return app;
}

/** Returns the user who sends the request: always that of the token, never one from the body. */
async function authenticate(c: Context, tokens: Tokens): Promise<string> {
  const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined) throw new HTTPException(401, { message: 'Missing bearer token' });
  try {
    return (await tokens.verify(token)).sub;
  } catch (error) {
    if (error instanceof TokenRefused) throw new HTTPException(401, { message: 'Invalid token' });
    throw error;
  }
}

async function jsonBody(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidUpload('the body must be JSON');
    throw error;
  }
}
