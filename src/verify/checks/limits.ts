// Checks of the size of requests, and of a 413 in browsers.
import { authorization, type Backend, type RawAnswer } from '../backend.ts';
import { type Check, ok, skipped, violation, warning } from '../finding.ts';
import { ORIGIN } from './browser.ts';

/** The connector's default limit for one body. */
const DEFAULT_BYTES = 100_000;

export const bodySize: Check = {
  name: 'the size of a body',
  async run(backend) {
    const row = backend.newRow();
    const padded = (bytes: number) =>
      backend.deliver([backend.transaction({ ...row, metadata: 'x'.repeat(bytes) })]);
    if (!backend.target.contract.inBand)
      return skipped('The contract has no member that a body could be filled up with.');
    const usual = await padded(DEFAULT_BYTES - 2_000);
    if (usual.answers[0]?.status === 413) {
      return violation(
        `A body of less than ${DEFAULT_BYTES} bytes is answered with 413.`,
        'Take 100 kB at least, or set maxBodyBytes of the transport below your limit.',
      );
    }
    const larger = await padded(3 * DEFAULT_BYTES);
    const status = larger.answers[0]?.status ?? 0;
    if (status === 413) return ok('Bodies up to 100 kB are taken, larger ones are answered with 413.');
    if (larger.outcomes[0]?.status === 'applied') return ok('Bodies of 300 kB are taken.');
    return violation(
      `A body of 300 kB is answered with HTTP status ${status}, instead of 413.`,
      'Answer 413 where a body is too large: the connector then sends less at a time.',
    );
  },
};

export const readable413: Check = {
  name: 'a 413 in browsers',
  async run(backend) {
    if (!backend.target.contract.postUrl) return skipped('The contract sends one row at a time.');
    for (const bytes of [300_000, 12_000_000]) {
      const answer = await tooLarge(backend, bytes).catch(() => undefined);
      if (!answer) {
        return warning(
          `The connection is cut on a body of ${bytes} bytes, instead of a 413.`,
          'Read the body to its end, or answer 413 before closing: a client that sees a network error sends it again.',
        );
      }
      if (answer.status !== 413) continue;
      if (answer.headers.has('access-control-allow-origin')) return ok('A browser can read the 413.');
      return warning(
        'A 413 comes without CORS headers, so a browser shows it as a network error.',
        'Put the CORS middleware in front of the body parser, or set maxBodyBytes of the transport well below the limit.',
      );
    }
    return ok('No body up to 12 MB was answered with 413.');
  },
};

function tooLarge({ target, request }: Backend, bytes: number): Promise<RawAnswer> {
  return request({
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: ORIGIN, ...authorization(target.token) },
    body: `{"padding":"${'x'.repeat(bytes)}"}`,
  });
}

export const tooMany: Check = {
  name: 'one transaction too many',
  async run(backend) {
    const { contract, token } = backend.target;
    if (contract.name !== 'write-api') return skipped('The contract sets no limit of transactions.');
    const transactions = Array.from({ length: contract.maxTransactions + 1 }, () => {
      const { key, entries } = backend.transaction(backend.newRow());
      const crud = entries.map(({ id, op, table, opData }) => ({ id, op, table, op_data: opData }));
      return { idempotency_key: key, crud };
    });
    const { status, text } = await backend.request({
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization(token) },
      body: JSON.stringify({ transactions }),
    });
    if (status === 400 || status === 413)
      return ok(`${transactions.length} transactions are refused with ${status}.`);
    if (status === 200 && resultsIn(text) === transactions.length)
      return ok(`${transactions.length} transactions are taken, which is more than the contract asks for.`);
    return violation(
      `${transactions.length} transactions were answered with HTTP status ${status} and ${resultsIn(text)} results.`,
      'Refuse more than you take with 400, or answer one result for each.',
    );
  },
};

function resultsIn(text: string): number {
  try {
    return JSON.parse(text).results.length;
  } catch {
    return 0;
  }
}
