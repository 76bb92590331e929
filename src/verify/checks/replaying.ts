// Checks writes that are sent again because their answer was lost.
import type { UploadEntry, UploadTransaction } from '../../queue/transaction.ts';
import type { Backend, Delivery } from '../backend.ts';
import { changed, compare } from '../columns.ts';
import { type Check, type Finding, ok, skipped, violation, warning } from '../finding.ts';
import { lacks, notApplied } from './delivering.ts';

/** The effect of one kind of replay: harm, none, or one that couldn't be seen. */
type Seen =
  | { readonly harm: string }
  | { readonly unseen: string }
  | { readonly finding: Finding }
  | { readonly harmless: true };

const UNREADABLE =
  'whether it undoes later changes, because --read answered neither the row as JSON nor 404.';

export const replay: Check = {
  name: 'idempotent replay',
  async run(backend) {
    const row = backend.newRow();
    const put = backend.transaction(row);
    const delivery = await backend.deliver([put]);
    const failed = notApplied(delivery, 1);
    if (failed) return skipped(`Not checked: ${failed}`);
    if (backend.choosesIds()) return secondRow(backend, row, put);
    const overwritten = await afterChange(backend, row, put);
    if ('finding' in overwritten) return overwritten.finding;
    const revived = await afterDelete(backend);
    if ('finding' in revived) return revived.finding;
    return conclude(backend, hasKey(put, delivery), [overwritten, revived]);
  },
};

function conclude(backend: Backend, isKeySent: boolean, all: readonly Seen[]): Finding {
  const harm = all.flatMap((each) => ('harm' in each ? [each.harm] : []));
  const unseen = all.flatMap((each) => ('unseen' in each ? [each.unseen] : []));
  const notChecked = [...new Set(unseen)].map((each) => ` Not checked: ${each}`).join('');
  if (harm.length > 0) {
    const message = `${harm.join(' ')} An app that lost an answer sends the write again, perhaps days later. It then undoes what others wrote since.`;
    const { keepsKeys, name } = backend.target.contract;
    if (keepsKeys && isKeySent) {
      return violation(
        `${message}${notChecked}`,
        'Keep the idempotency key of each transaction, in the same database transaction as its writes. Where a key is ' +
          'known already, write nothing and answer as applied.',
      );
    }
    return warning(`${message} No second row was made.${notChecked}`, advice(name, isKeySent));
  }
  if (unseen.length > 0) {
    const applied = 'Writes that were sent again were answered as applied.';
    if (!backend.target.readUrl)
      return skipped(
        `${applied} Not checked: whether they undo later changes. Needs a url to read rows back (--read).`,
      );
    return skipped(`${applied}${notChecked}`);
  }
  return ok(
    'Sent: a PUT again after a PATCH, and another after a DELETE. Both were answered as applied, and undid nothing.',
  );
}

function advice(contract: string, isKeySent: boolean): string {
  if (isKeySent)
    return `The requests of "${contract}" have an idempotency key, which its backends don't need to keep. If you can change the backend, keep it, and apply no key twice.`;
  const keys =
    contract === 'rows'
      ? `Send one (idempotencyHeader; here: --options '{"idempotencyHeader":"Idempotency-Key"}'), and let the backend apply no key twice.`
      : 'If that matters to your app, use a contract with keys, such as write-api.';
  return `Without an idempotency key a backend can't tell such a replay from a new write. ${keys}`;
}

/** Sends a PUT again after its row was changed. */
async function afterChange(backend: Backend, row: UploadEntry, put: UploadTransaction): Promise<Seen> {
  const change = changed(row.opData ?? {});
  const isChanged =
    Object.keys(change).length > 0 &&
    !notApplied(await backend.deliver([backend.transaction(backend.change(row))]), 1);
  const before = isChanged ? await backend.read(row) : undefined;
  const refused = await sendAgain(backend, put);
  if (refused) return { finding: refused };
  if (!isChanged) {
    return {
      unseen: Object.keys(change).length
        ? 'whether it undoes a later PATCH, because the PATCH was not applied (see "order").'
        : 'whether it undoes a later PATCH, because --row has no text, number or boolean to change.',
    };
  }
  const after = await backend.read(row);
  if (!before || !after) {
    return before === null || after === null
      ? { unseen: 'whether it undoes a later PATCH, because --read does not find the row.' }
      : { unseen: UNREADABLE };
  }
  const missing = [...new Set([...compare(before, change).missing, ...compare(after, change).missing])];
  if (missing.length > 0) return { unseen: `whether it undoes a later PATCH. ${lacks(missing)}` };
  if (compare(before, change).different.length > 0)
    return {
      unseen: 'whether it undoes a later PATCH, because the PATCH had no effect (see "order").',
    };
  const { different } = compare(after, change);
  if (different.length === 0) return { harmless: true };
  return {
    harm: `Sent: a PUT, a PATCH of the same row, the PUT again. After that, ${different.join(', ')} was no longer as the PATCH had it.`,
  };
}

/** Sends a PUT and a DELETE again after the row was deleted. */
async function afterDelete(backend: Backend): Promise<Seen> {
  const row = backend.newRow();
  const put = backend.transaction(row);
  const remove = backend.transaction(backend.remove(row));
  const delivery = await backend.deliver([put]);
  for (const each of [delivery, await backend.deliver([remove])]) {
    if (notApplied(each, 1))
      return {
        unseen:
          'whether it brings back a row that was deleted, because the DELETE was not applied (see "order").',
      };
  }
  const goneAgain = await sendAgain(backend, remove);
  if (goneAgain) return { finding: goneAgain };
  const before = await backend.read(row);
  const refused = await sendAgain(backend, put);
  // Without a key, a backend may refuse to restore a deleted row: that replay undoes nothing.
  const isKeyed = backend.target.contract.keepsKeys && hasKey(put, delivery);
  if (refused) return isKeyed || refused.status !== 'violation' ? { finding: refused } : { harmless: true };
  const after = await backend.read(row);
  if (before === undefined || after === undefined) return { unseen: UNREADABLE };
  if (before !== null)
    return {
      unseen:
        'whether it brings back a row that was deleted, because the DELETE had no effect (see "order").',
    };
  if (after === null) return { harmless: true };
  return { harm: 'Sent: a PUT, a DELETE of the same row, the PUT again. After that, the row was back.' };
}

/** Sends an applied transaction again, as a restarted app does. Returns a finding if it isn't applied. */
async function sendAgain(backend: Backend, transaction: UploadTransaction): Promise<Finding | undefined> {
  const delivery = await backend.deliver([transaction], { afterRestart: true });
  const op = transaction.entries[0]?.op;
  const failed = notApplied(delivery, 1);
  if (!failed && delivery.requests === 0)
    return skipped(`Not checked: the ${op} was not sent a second time.`);
  if (!failed) return undefined;
  return violation(
    `A ${op} that had been applied was sent again. It was not answered as applied: ${failed} ` +
      'An app that lost the first answer keeps sending it, or records it as rejected although it was applied.',
    op === 'DELETE'
      ? 'Answer a DELETE of a row that is gone like one that deletes it, or with a 404 that names the row (code NOT_FOUND).'
      : hasKey(transaction, delivery)
        ? 'Keep its idempotency key in the same database transaction as its writes, and answer a key that is known as applied.'
        : 'Let a PUT of a row that exists already overwrite it (upsert), and answer it as applied.',
  );
}

/** Checks if a backend that chooses ids makes a second row from a replayed PUT. */
async function secondRow(backend: Backend, row: UploadEntry, put: UploadTransaction): Promise<Finding> {
  const refused = await sendAgain(backend, put);
  if (refused) return refused;
  const [first, second] = backend.otherIds(row);
  if (second === undefined || first === second)
    return skipped(
      'A PUT was sent twice, and made one row. Not checked: later changes, as the backend gives rows ids of its own. See "ids are kept".',
    );
  return violation(
    `A PUT was sent twice, as by an app that lost the answer. The backend made two rows of it: ${first} and ${second}.`,
    'Store rows under the ids that are sent, so that a PUT that comes again finds its row. See "ids are kept".',
  );
}

function hasKey({ key }: UploadTransaction, { answers }: Pick<Delivery, 'answers'>): boolean {
  return answers.some(({ sent }) => sent.includes(key));
}
