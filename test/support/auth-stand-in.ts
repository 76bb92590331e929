import { unsignedJwt } from 'powersync-backend-connector/testing';
/**
 * A stand-in for Supabase Auth (GoTrue), for tests. It is not GoTrue. It knows `logout` and the two grants that the
 * real client requests: `password`, and `refresh_token`, whose tokens can be used once. It answers errors in GoTrue's
 * form.
 */
import { readBody, startLocalServer } from './service-stand-in/local-server.ts';

/** The answer to the next request. `hang` means no answer at all. */
export type AuthFault = 'hang' | { status: number; body: unknown };

export interface AuthStandIn {
  /** The URL of the project, for `createClient`. */
  url: string;
  /** The grants that were requested, in order. */
  grants: string[];
  /** Lifetime of access tokens from now on, in seconds. Default 3600. */
  lifetime: number;
  failNext(...faults: AuthFault[]): void;
  /** Ends every session, as an administrator does. */
  revokeAll(): void;
  close(): Promise<void>;
}

export async function startAuthStandIn(): Promise<AuthStandIn> {
  const refreshTokens = new Map<string, string>();
  const used = new Set<string>();
  const faults: AuthFault[] = [];
  const grants: string[] = [];
  let issued = 0;

  const session = (user: string): object => {
    issued++;
    const now = Math.floor(Date.now() / 1000);
    const refreshToken = `refresh-${issued}`;
    refreshTokens.set(refreshToken, user);
    const claims = { sub: user, role: 'authenticated', iat: now, exp: now + standIn.lifetime, jti: issued };
    return {
      access_token: unsignedJwt(claims),
      token_type: 'bearer',
      expires_in: standIn.lifetime,
      expires_at: now + standIn.lifetime,
      refresh_token: refreshToken,
      user: { id: user, aud: 'authenticated', email: `${user}@example.com` },
    };
  };
  const refusal = (code: string): { status: number; body: object } => ({
    status: 400,
    body: { code, message: code },
  });

  const answer = (grant: string | null, body: Record<string, string>): { status: number; body: unknown } => {
    const { email = '', refresh_token: refreshToken = '' } = body;
    if (grant === 'password') return { status: 200, body: session(email.replace(/@.*/, '')) };
    if (used.has(refreshToken)) return refusal('refresh_token_already_used');
    const user = refreshTokens.get(refreshToken);
    if (user === undefined) return refusal('refresh_token_not_found');
    used.add(refreshToken);
    return { status: 200, body: session(user) };
  };

  const server = await startLocalServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const text = (await readBody(request)).toString();
    const respond = ({ status, body }: { status: number; body: unknown }): void => {
      const headers = { 'content-type': 'application/json', 'x-supabase-api-version': '2024-01-01' };
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (url.pathname === '/auth/v1/logout') return void response.writeHead(204).end();
    const grant = url.searchParams.get('grant_type');
    grants.push(grant ?? '');
    const fault = faults.shift();
    if (fault === 'hang') return;
    respond(fault ?? answer(grant, JSON.parse(text)));
  });

  const standIn: AuthStandIn = {
    url: server.url,
    grants,
    lifetime: 3600,
    failNext: (...next) => void faults.push(...next),
    revokeAll: () => refreshTokens.clear(),
    close: server.close,
  };
  return standIn;
}
