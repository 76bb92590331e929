// Whether good writes are applied: at once, in order, as a whole, and once.
import { type Backend, type Columns, changed, type Delivery } from '../backend.ts';
import { type Check, type Finding, ok, skipped, violation } from '../finding.ts';

const NO_READ = 'Not checked: needs a url to read rows back (--read).';

export const success: Check = {
  name: 'a write is applied',
  async run(backend) {
    const row = backend.newRow();
    const delivery = await backend.deliver([backend.transaction(row)]);
    const delivered = notApplied(delivery, 1);
    if (delivered) {
      return violation(
        `A PUT of the sample row was not applied: ${delivered}`,
        'Check --url, --contract, --table, --row and the token first: all other checks build on this one.',
      );
    }
    return ok('A PUT of the sample row was answered as applied.');
  },
};

export const visible: Check = {
  name: 'applied means visible',
  async run(backend) {
    const row = backend.newRow();
    const delivery = await backend.deliver([backend.transaction(row)]);
    const failed = notApplied(delivery, 1);
    if (failed) return skipped(`Not checked: ${failed}`);
    const found = await backend.read(row);
    if (found === undefined) return backend.target.readUrl ? unreadable() : skipped(NO_READ);
    if (found && sameColumns(found, row.opData)) return ok('The row could be read right after the answer.');
    return violation(
      found
        ? 'The row that was read right after the answer is another one.'
        : 'The row was not there right after the answer.',
      'Answer after the database transaction is committed. A backend that applies writes later needs checkpoint requests.',
    );
  },
};

export const order: Check = {
  name: 'order',
  async run(backend) {
    const row = backend.newRow();
    const gone = backend.newRow();
    const sent = [row, backend.change(row), gone, backend.remove(gone)].map((each) =>
      backend.transaction(each),
    );
    const failed = await deliverAll(backend, sent);
    if (failed) {
      return violation(
        `Four changes of two rows, one after another, were not all applied: ${failed}`,
        'Apply transactions in the order they are sent in: later ones build on earlier ones.',
      );
    }
    const [kept, removed] = [await backend.read(row), await backend.read(gone)];
    if (kept === undefined) return skipped(`All four changes were applied. ${NO_READ}`);
    if (kept && sameColumns(kept, changed(row.opData ?? {})) && removed === null)
      return ok('PUT and PATCH, PUT and DELETE of one row took effect in this order.');
    return violation(
      'Changes of one row did not take effect in the order they were sent in.',
      'Apply transactions, and the entries in them, one after another.',
    );
  },
};

export const atomicity: Check = {
  name: 'atomicity',
  async run(backend) {
    const { contract, badRow } = backend.target;
    if (!contract.atomic) return skipped(`The contract "${contract.name}" has no transactions.`);
    if (!badRow) return skipped('Not checked: needs a row that is refused (--bad-row).');
    const good = backend.newRow();
    const delivery = await backend.deliver([backend.transaction(good, backend.newRow(badRow))]);
    if (delivery.outcomes[0]?.status === 'applied') {
      return violation(
        'A transaction with a bad row in it was answered as applied.',
        'Apply each transaction in one database transaction, and refuse it as a whole when one entry fails.',
      );
    }
    const found = await backend.read(good);
    if (found === undefined) return skipped(`The transaction was refused. ${NO_READ}`);
    if (found === null) return ok('A transaction with one bad row left nothing behind.');
    return violation(
      'A transaction was refused, but its first row is there.',
      'Apply each transaction in one database transaction, and roll back when one entry fails.',
    );
  },
};

export const replay: Check = {
  name: 'idempotent replay',
  async run(backend) {
    const row = backend.newRow();
    const first = backend.transaction(row);
    const failed = await deliverAll(backend, [first, backend.transaction(backend.change(row))]);
    if (failed) return skipped(`Not checked: ${failed}`);
    const again = notApplied(await backend.deliver([first]), 1);
    if (again) {
      return violation(
        `A transaction that was sent again was not answered as applied: ${again}`,
        'A device that lost the answer sends a transaction again. Keep its idempotency_key in the same database ' +
          'transaction, and answer a replay as applied.',
      );
    }
    const found = await backend.read(row);
    if (found === undefined) return skipped(`The replay was answered as applied. ${NO_READ}`);
    if (found && sameColumns(found, changed(row.opData ?? {})))
      return ok('A replay was answered as applied, and did not undo what came after it.');
    return violation(
      'A replay was applied once more, and undid a later change.',
      'Keep the idempotency_key of each transaction with its effects, and apply none twice.',
    );
  },
};

export const fifty: Check = {
  name: 'many transactions',
  async run(backend) {
    const { maxTransactions } = backend.target.contract;
    if (maxTransactions === 1) return skipped('The contract takes one transaction per request.');
    const sent = Array.from({ length: maxTransactions }, () => backend.transaction(backend.newRow()));
    const failed = notApplied(await backend.deliver(sent), maxTransactions);
    if (!failed) return ok(`${maxTransactions} transactions in one request were all applied.`);
    return violation(
      `${maxTransactions} transactions in one request were not all applied: ${failed}`,
      'Take that many, and answer one result for each, in order.',
    );
  },
};

/** Delivers transactions until all are through; why not, otherwise. */
async function deliverAll(
  backend: Backend,
  transactions: ReturnType<Backend['transaction']>[],
): Promise<string | undefined> {
  for (let left = transactions; left.length > 0; ) {
    const delivery = await backend.deliver(left);
    const applied = delivery.outcomes.filter(({ status }) => status === 'applied').length;
    if (applied === 0) return notApplied(delivery, left.length);
    left = left.slice(applied);
  }
  return undefined;
}

/** Why not all of so many transactions were applied; undefined if they were. Without words of the backend. */
function notApplied({ outcomes, error }: Delivery, count: number): string | undefined {
  if (error) return error.message;
  const missed = outcomes.find(({ status }) => status !== 'applied');
  if (missed?.status === 'rejected' || missed?.status === 'retry') return missed.error.message;
  return missed || outcomes.length < count ? 'it was not attempted' : undefined;
}

/** Whether a row that was read has these columns; numbers may have become text, or booleans. */
function sameColumns(found: Columns, expected: Columns = {}): boolean {
  return Object.entries(expected).every(([name, value]) => {
    const actual = found[name] ?? null;
    return (
      actual === value ||
      String(actual) === String(value) ||
      (typeof actual === 'boolean' && Number(actual) === value)
    );
  });
}

function unreadable(): Finding {
  return violation(
    'The row could not be read back: the url of --read answered neither JSON nor 404.',
    'Check --read.',
  );
}
