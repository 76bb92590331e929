import { decodeJwt } from '../auth/jwt.ts';
import { type Claims, lifetimeProblem } from './claims.ts';
import { type Finding, found } from './finding.ts';

/** Difference between clocks that the PowerSync Service accepts, in seconds. */
const TOLERANCE_S = 60;

/** Checks a token against the rules of the PowerSync Service, as far as possible without its keys. */
export function checkToken(token: string, endpoint: string, now: number): Finding[] {
  const claims = decodeJwt(token);
  if (!claims) {
    const message =
      "The token can't be read as a JWT, which the PowerSync Service demands. Return the one your server signs for it.";
    return [found('token', false, message)];
  }
  const expiry = expiryProblem(claims, now / 1000);
  const lifetime = lifetimeProblem(claims);
  const hasSubject = typeof claims.sub === 'string' && claims.sub !== '';
  return [
    found('token', true, 'The token is a JWT.'),
    found('expiry', !expiry, `The token ${expiry ?? 'has not expired.'}`),
    found('lifetime', !lifetime, `The token ${lifetime ?? 'lives neither too short nor too long.'}`),
    found(
      'subject',
      hasSubject,
      hasSubject
        ? 'The token says whose it is.'
        : `The token ${claims.sub == null ? 'has no "sub"' : 'has a "sub" that is no text'}. Add the user's id, as a text.`,
    ),
    checkAudience(claims, endpoint.replace(/\/+$/, '')),
  ];
}

function expiryProblem({ exp, iat }: Claims, now: number): string | undefined {
  if (typeof exp !== 'number') return 'has no "exp". Add it.';
  if (exp <= now) {
    return `expired ${Math.round(now - exp)} s ago. Get a fresh one in credentials(), and look at this device's clock.`;
  }
  if (typeof iat === 'number' && iat > now + TOLERANCE_S) {
    return `was issued ${Math.round(iat - now)} s in the future. Look at this device's clock and the server's.`;
  }
  return undefined;
}

function checkAudience({ aud }: Claims, endpoint: string): Finding {
  const named = [aud].flat().filter((each) => typeof each === 'string' && each !== '');
  if (named.some((each) => String(each).replace(/\/+$/, '') === endpoint)) {
    return found('audience', true, 'The token\'s "aud" names the endpoint.');
  }
  const message =
    named.length === 0
      ? `The token has no "aud". Add one that the PowerSync Service takes, such as "${endpoint}".`
      : `The token's "aud" (${named.join(', ')}) isn't the endpoint. If syncing fails with PSYNC_S2105, make it so, or ` +
        'add it to the audiences of the PowerSync Service.';
  return found('audience', named.length > 0, message);
}
