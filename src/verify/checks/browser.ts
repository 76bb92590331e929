// Checks that matter to web apps.
import { authorization } from '../backend.ts';
import { type Check, ok, skipped, violation, warning } from '../finding.ts';

export const ORIGIN = 'https://app.example';

/** Headers of the connector that need a preflight. */
const HEADERS = ['authorization', 'content-type'];

export const preflight: Check = {
  name: 'CORS preflight',
  async run(backend) {
    const { contract, token, headers: ofTheApp = {} } = backend.target;
    if (contract.browsers === false) return skipped('Not checked for a preset: see its backend.');
    const own = [...(contract.headers ?? []), ...Object.keys(ofTheApp)];
    const needed = [...(token === undefined ? ['content-type'] : HEADERS), ...own];
    const method = contract.postUrl ? 'POST' : 'PUT';
    const { status, headers } = await backend.request({
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': method,
        'access-control-request-headers': needed.join(','),
      },
    });
    const allows = (name: string): string[] => listOf(headers.get(`access-control-allow-${name}`));
    const missing = needed.filter(
      (each) => !allows('headers').includes(each) && !isStar(each, allows('headers')),
    );
    const problems = [
      status >= 300 && `it was answered with HTTP status ${status}`,
      !headers.has('access-control-allow-origin') && 'no origin is allowed',
      missing.length > 0 && `not allowed: ${missing.join(', ')}`,
      method === 'PUT' &&
        !allows('methods').includes('put') &&
        !allows('methods').includes('*') &&
        'PUT is not allowed',
    ].filter(Boolean);
    if (problems.length === 0) return ok('A page of another origin may send what the connector sends.');
    return warning(
      `A browser would send nothing from another origin: ${problems.join('; ')}.`,
      `Answer OPTIONS with access-control-allow-origin, and allow the headers ${needed.join(' and ')}. Native apps need none of it.`,
    );
  },
};

/** `*` covers every header but `authorization` (Fetch standard). */
function isStar(header: string, allowed: readonly string[]): boolean {
  return header !== 'authorization' && allowed.includes('*');
}

export const exposed: Check = {
  name: 'headers a browser may read',
  async run(backend) {
    if (!backend.target.contract.postUrl) return skipped('The contract has no url for all rows.');
    const { headers } = await backend.request({
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: ORIGIN, ...authorization(backend.target.token) },
      body: backend.target.contract.malformed[1] ?? '{}',
    });
    if (!headers.has('access-control-allow-origin')) {
      return warning(
        'A refusal comes without CORS headers, so a browser shows it as a network error.',
        'Put the CORS middleware in front of everything else, so that refusals carry its headers, too.',
      );
    }
    const names = listOf(headers.get('access-control-expose-headers'));
    const hidden = ['retry-after', 'date'].filter((name) => !names.includes(name) && !names.includes('*'));
    if (hidden.length === 0) return ok('Retry-After and Date can be read by a page of another origin.');
    return warning(
      `A browser hides ${hidden.join(' and ')}.`,
      'Send access-control-expose-headers: Retry-After, Date. The connector keeps to the one, and reads tokens by the other.',
    );
  },
};

export const contentType: Check = {
  name: 'content types',
  async run(backend) {
    const delivery = await backend.deliver([backend.transaction(backend.newRow())]);
    const [answer] = delivery.answers;
    if (!answer || delivery.outcomes[0]?.status !== 'applied')
      return skipped('Not checked: the write was not applied.');
    const type = answer.headers.get('content-type') ?? '';
    if (answer.text === '') return skipped('Not checked: the answer was empty.');
    if (/^application\/([\w.-]+\+)?json\b/i.test(type)) return ok('Answers say that they are JSON.');
    return violation(
      `JSON was answered as "${type.slice(0, 60)}".`,
      'Send content-type: application/json: proxies and clients treat other types as pages.',
    );
  },
};

function listOf(value: string | null): string[] {
  return (value ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim());
}
