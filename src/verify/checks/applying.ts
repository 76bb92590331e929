// Checks that good writes are applied at once, in order, and as a whole.
import { changed, compare } from '../columns.ts';
import { type Check, ok, skipped, violation } from '../finding.ts';
import { deliverAll, idsDiffer, lacks, NO_READ, notApplied, notRead, unreadable } from './delivering.ts';
import { idAdvice } from './ids.ts';

export const success: Check = {
  name: 'a write is applied',
  async run(backend) {
    const row = backend.newRow();
    const delivery = await backend.deliver([backend.transaction(row)]);
    const delivered = notApplied(delivery, 1);
    if (delivered) {
      return violation(
        `A PUT of the sample row was not applied: ${delivered}`,
        backend.otherIds(row).length > 0
          ? idAdvice(backend.target.contract)
          : 'Check --url, --contract, --table, --row and the token first: all other checks build on this one.',
      );
    }
    return ok('A PUT of the sample row was answered as applied.');
  },
};

export const visible: Check = {
  name: 'applied means visible',
  async run(backend) {
    if (backend.choosesIds()) return idsDiffer();
    const row = backend.newRow();
    const delivery = await backend.deliver([backend.transaction(row)]);
    const failed = notApplied(delivery, 1);
    if (failed) return skipped(`Not checked: ${failed}`);
    const found = await backend.read(row);
    if (found === undefined) return backend.target.readUrl ? unreadable() : skipped(NO_READ);
    if (found === null) {
      return violation(
        'A PUT was answered as applied, but --read does not find the row right after that.',
        'Answer after the database transaction is committed; a backend that applies writes later needs checkpoint ' +
          'requests. If it is committed, check that the row has the id that was sent, and that --read shows this table ' +
          'to this user.',
      );
    }
    const { different, missing, same } = compare(found, row.opData);
    if (different.length > 0) {
      return violation(
        `A PUT was answered as applied, but the row that --read shows has other values: ${different.join(', ')}.`,
        'Store what was sent, or refuse it. Leave columns out of --row that the backend is meant to set itself.',
      );
    }
    if (missing.length > 0 && same === 0)
      return skipped(
        `The row could be read right after the answer. Not checked: its values. ${lacks(missing)}`,
      );
    return ok(
      `The row could be read right after the answer.${missing.length > 0 ? ` ${lacks(missing)}` : ''}`,
    );
  },
};

export const order: Check = {
  name: 'order',
  async run(backend) {
    if (backend.choosesIds()) return idsDiffer();
    const row = backend.newRow();
    const gone = backend.newRow();
    const changes = [row, backend.change(row), gone, backend.remove(gone)];
    const failed = await deliverAll(
      backend,
      changes.map((each) => backend.transaction(each)),
    );
    if (failed) {
      const op = changes[failed.index]?.op;
      return violation(
        `${op === 'PUT' ? 'A PUT' : `The ${op} of a row that was written just before`} was not applied: ${failed.why}`,
        `The backend has to apply PUT, PATCH and DELETE in the order in which they are sent. Until then the app can't upload this ${op}.`,
      );
    }
    const [kept, removed] = [await backend.read(row), await backend.read(gone)];
    if (kept === undefined || removed === undefined)
      return skipped(`All four changes were answered as applied. ${notRead(backend)}`);
    if (removed !== null) {
      return violation(
        'A DELETE was answered as applied, but the row can still be read.',
        'Delete the row before you answer, or refuse the DELETE. If rows are only marked as deleted, let --read answer ' +
          '404 for them.',
      );
    }
    const { different, missing } = compare(kept ?? {}, changed(row.opData ?? {}));
    if (kept === null || different.length > 0) {
      return violation(
        'Changes of one row did not take effect in the order they were sent in: a PUT and then a PATCH were answered as ' +
          `applied, but ${kept ? `${different.join(', ')} is not as the PATCH had it` : 'the row is not there'}.`,
        'Apply transactions, and the entries in them, one after another.',
      );
    }
    if (missing.length > 0)
      return skipped(`All four changes were answered as applied. Not checked: the PATCH. ${lacks(missing)}`);
    return ok('PUT and PATCH, PUT and DELETE of one row took effect in this order.');
  },
};

export const atomicity: Check = {
  name: 'atomicity',
  async run(backend) {
    const { contract, badRow, options = {} } = backend.target;
    const isAtomic = typeof contract.atomic === 'function' ? contract.atomic(options) : contract.atomic;
    if (!isAtomic) return skipped(`The contract "${contract.name}" has no transactions.`);
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
    if (found === undefined) return skipped(`The transaction was refused. ${notRead(backend)}`);
    if (found === null) return ok('A transaction with one bad row left nothing behind.');
    return violation(
      'A transaction was refused, but its first row is there.',
      'Apply each transaction in one database transaction, and roll back when one entry fails.',
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
