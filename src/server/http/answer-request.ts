import { NotReady } from '../open-tables.ts';
import type { Settings } from '../options.ts';
import { InvalidUpload, parseUpload } from '../read-upload.ts';
import { checkUser, type User } from '../tables.ts';
import { BodyIncomplete, BodyTooLarge, readBody } from './read-body.ts';
import { Unauthenticated } from './unauthenticated.ts';

/** Answers one request. Every answer is JSON with the CORS headers, so that a browser's app can read errors too. */
export async function answerRequest<U extends User>(
  request: Request,
  { authenticate }: { readonly authenticate: (request: Request) => U | Promise<U> },
  settings: Settings,
  methods: readonly string[],
  work: (user: U, body: unknown, signal: AbortSignal) => Promise<object>,
): Promise<Response> {
  const allowed = [...methods, 'OPTIONS'].join(', ');
  const answer = await answerAllowed();
  for (const [name, value] of Object.entries(corsHeaders(request, allowed, settings.cors)))
    answer.headers.set(name, value);
  return answer;

  async function answerAllowed(): Promise<Response> {
    if (request.method === 'OPTIONS') return new Response(null, { status: 204 });
    if (!methods.includes(request.method))
      return problem(405, 'METHOD_NOT_ALLOWED', `Send a ${methods.join(' or ')}`, { allow: allowed });
    try {
      const user = await authenticate(request);
      checkUser(user);
      const text = await readBody(request, settings.maxBodyBytes, settings.timeouts.body);
      return Response.json(await work(user, parseUpload(text), request.signal));
    } catch (error) {
      return answerError(error, settings);
    }
  }
}

function answerError(error: unknown, { onError, maxBodyBytes }: Settings): Response {
  if (error instanceof Unauthenticated) {
    return problem(401, 'UNAUTHENTICATED', 'The token is missing or not valid', {
      'www-authenticate': 'Bearer',
    });
  }
  if (error instanceof InvalidUpload) return problem(400, 'INVALID_UPLOAD', error.message);
  if (error instanceof BodyTooLarge) {
    return problem(
      413,
      'BODY_TOO_LARGE',
      `The body has more than ${maxBodyBytes} bytes. Send fewer transactions`,
    );
  }
  if (error instanceof BodyIncomplete)
    return problem(408, 'BODY_INCOMPLETE', 'The body did not arrive in full in time');
  onError(error);
  const message =
    error instanceof NotReady ? 'The server is not ready for writes' : 'The server could not do this now';
  return problem(503, 'UNAVAILABLE', message, { 'retry-after': '5' });
}

function problem(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error: { code, message } }, { status, headers });
}

function corsHeaders(request: Request, methods: string, cors: Settings['cors']): Record<string, string> {
  if (cors === false) return {};
  const origin = request.headers.get('origin');
  const { origins } = cors;
  if (origins !== '*' && (origin === null || !origins.includes(origin))) return { vary: 'Origin' };
  const allowed =
    origins === '*'
      ? { 'access-control-allow-origin': '*' }
      : { 'access-control-allow-origin': origin ?? '', vary: 'Origin' };
  if (request.method !== 'OPTIONS')
    return { ...allowed, 'access-control-expose-headers': 'Date, Retry-After' };
  return {
    ...allowed,
    'access-control-allow-methods': methods,
    'access-control-allow-headers':
      request.headers.get('access-control-request-headers') ?? 'authorization, content-type',
    'access-control-max-age': '3600',
  };
}
