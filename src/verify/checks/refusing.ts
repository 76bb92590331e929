// Checks that bad requests and bad data are refused in a way that neither loses nor blocks writes.
import { defaultVerdict, type UploadErrorCode, type Verdict } from '../../error/codes.ts';
import type { UploadError } from '../../error/upload-error.ts';
import { authorization, type Backend, type Delivery, type RawAnswer } from '../backend.ts';
import { type Check, type Finding, ok, skipped, violation } from '../finding.ts';

export const constraint: Check = {
  name: 'a constraint violation',
  async run(backend) {
    const { badRow, contract } = backend.target;
    if (!badRow) return skipped('Not checked: needs a row that is refused (--bad-row).');
    const delivery = await backend.deliver([backend.transaction(backend.newRow(badRow))]);
    const status = statusOf(delivery);
    const [outcome] = delivery.outcomes;
    if (outcome?.status === 'applied') {
      return violation(
        'The bad row was answered as applied.',
        'Say in the answer that it was refused, and why.',
      );
    }
    if (codeOf(delivery) === 'unclassified') {
      return violation(
        `The answer to the bad row can't be told from an outage (HTTP status ${status}): the connector rejects it only after ten tries over ten minutes or more, and everything behind it waits.`,
        'Say what was wrong with it, in the codes of the contract.',
      );
    }
    if (isRejected(delivery) && !(contract.inBand && status >= 400))
      return ok(`The bad row was refused (HTTP status ${status}).`);
    if (status >= 500 || outcome?.status === 'retry') {
      return violation(
        `The bad row is to be tried again (HTTP status ${status}), and would block the queue for ever.`,
        'Answer bad data as refused, and only outages with 5xx or retryable_error.',
      );
    }
    if (contract.inBand && status >= 400) {
      return violation(
        `The bad row was answered with HTTP status ${status}.`,
        'Answer 200 with a fatal_error for that transaction: a 4xx refuses the whole batch, which is then sent again in halves.',
      );
    }
    return violation(
      `The refusal could not be read: ${messageOf(delivery)}`,
      'Answer in the form of the contract.',
    );
  },
};

export const unknownTable: Check = {
  name: 'an unknown table',
  async run(backend) {
    const entry = { ...backend.newRow(), table: 'no_such_table_feedc0de' };
    const delivery = await backend.deliver([backend.transaction(entry)]);
    if (delivery.outcomes[0]?.status === 'applied') {
      // MongoDB makes the collection.
      await backend.deliver([backend.transaction({ ...backend.remove(entry), table: entry.table })]);
      return violation(
        `A write to a table that does not exist (${entry.table}) was answered as applied. It is lost, unless the backend has made ` +
          'the table, as MongoDB does.',
        'Refuse tables you do not know (SCHEMA_MISMATCH): an app that is newer than the backend then keeps its writes.',
      );
    }
    const status = delivery.answers[0]?.status ?? 0;
    if (codeOf(delivery) === 'unavailable') {
      return violation(
        `A write to a table that does not exist was answered with HTTP status ${status}, like an outage.`,
        'Refuse tables you do not know, so that the app learns what is wrong.',
      );
    }
    const verdict = defaultVerdict(codeOf(delivery) ?? 'unknown');
    return ok(`It was not applied (HTTP status ${status}). ${WHAT_BECOMES_OF_IT[verdict]}`);
  },
};

/** The connector's reaction to a refused write to an unknown table. */
const WHAT_BECOMES_OF_IT: Readonly<Record<Verdict, string>> = {
  hold: 'The connector holds such a write until the backend knows the table.',
  reject: 'The connector records such a write as rejected, at once.',
  ambiguous:
    'The connector sends such a write again, and rejects it after ten tries over ten minutes or more.',
  retry: 'The connector keeps such a write, and sends it again.',
};

export const malformed: Check = {
  name: 'a malformed body',
  async run(backend) {
    const { contract } = backend.target;
    if (contract.malformed.length === 0) return skipped('The contract has no body of a fixed form.');
    for (const body of contract.malformed) {
      const { status, text } = await backend.request(post(backend, body));
      if ((status >= 400 && status < 500) || contract.isRefusal?.(text)) continue;
      const taken = status < 300;
      return violation(
        `The body ${body} was answered with HTTP status ${status}${taken ? ', as if it were applied' : ''}.`,
        taken
          ? 'Refuse with 400 what is not in the form of the contract: an app with a wrong set-up would lose every write.'
          : 'Answer 400: a 5xx says that trying again will help.',
      );
    }
    return ok(`${contract.malformed.length} bodies in another form were refused with a 4xx.`);
  },
};

export const token: Check = {
  name: 'tokens',
  async run(backend) {
    if (backend.target.token === undefined) return skipped('Not checked: no token was given (--token).');
    for (const [what, wrong] of [
      ['without a token', undefined],
      ['with a token that is none', 'not.a.token'],
    ] as const) {
      const finding = await refusesToken(backend, what, wrong);
      if (finding) return finding;
    }
    return ok('A request without a good token is answered with 401.');
  },
};

/** The parts of an answer that the check of tokens reads. */
interface Refused {
  readonly answers: readonly RawAnswer[];
  readonly error: UploadError | undefined;
}

async function refusesToken(
  backend: Backend,
  what: string,
  wrong: string | undefined,
): Promise<Finding | undefined> {
  const { contract } = backend.target;
  const delivery: Refused =
    wrong === undefined && contract.postUrl
      ? await requestWithoutToken(backend)
      : await backend.deliver([backend.transaction(backend.newRow())], { token: wrong ?? '' });
  const status = delivery.answers[0]?.status ?? 0;
  if (status === 401 || delivery.error?.code === 'unauthenticated') return undefined;
  return violation(
    `A request ${what} was answered with HTTP status ${status}.`,
    status < 300
      ? 'Check the token of every request: anybody could write now.'
      : 'Answer 401, and nothing else: the connector then gets a fresh token and keeps the writes.',
  );
}

async function requestWithoutToken(backend: Backend): Promise<Refused> {
  const body = backend.target.contract.malformed[1] ?? '{}';
  const { headers, ...init } = post(backend, body);
  const answer = await backend.request({ ...init, headers: { 'content-type': 'application/json' } });
  return { answers: [answer], error: undefined };
}

function post({ target }: Backend, body: string) {
  return {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...authorization(target.token) },
  };
}

function isRejected({ outcomes, error }: Delivery): boolean {
  return (
    outcomes[0]?.status === 'rejected' || ['invalid', 'conflict', 'forbidden'].includes(error?.code ?? '')
  );
}

function errorOf({ outcomes: [outcome], error }: Delivery): UploadError | undefined {
  return error ?? (outcome && 'error' in outcome ? outcome.error : undefined);
}

function codeOf(delivery: Delivery): UploadErrorCode | undefined {
  return errorOf(delivery)?.code;
}

/** The status of the refusal, which other answers may have followed; else that of the last answer. */
function statusOf(delivery: Delivery): number {
  const told = errorOf(delivery)?.status;
  const statuses = delivery.answers.map(({ status }) => status);
  return (statuses.includes(told ?? 0) ? told : statuses[statuses.length - 1]) ?? 0;
}

function messageOf(delivery: Delivery): string {
  return errorOf(delivery)?.message ?? 'no outcome';
}
