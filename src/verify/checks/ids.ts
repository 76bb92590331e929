// Checks that rows get the ids that were sent.
import type { Contract } from '../contracts.ts';
import { type Check, ok, skipped, violation } from '../finding.ts';
import { rowIn } from '../row-in-answer.ts';
import { notApplied } from './delivering.ts';

export const ids: Check = {
  name: 'ids are kept',
  async run(backend) {
    const { contract } = backend.target;
    const row = backend.newRow();
    const delivery = await backend.deliver([backend.transaction(row)]);
    const found = await backend.read(row);
    if (found) return ok('A row can be read under the id that was sent.');
    const [other] = backend.otherIds(row);
    if (other !== undefined) {
      return violation(
        `A PUT of the row ${row.id} was sent. The answer shows that it was stored with another id: ${other}. ` +
          'So the device gets the row twice, and later changes of its own row find no row at the backend, or the wrong one: ' +
          'some backends read an id such as 3f2c9a10-… as the number 3.',
        idAdvice(contract),
      );
    }
    const failed = notApplied(delivery, 1);
    if (failed) return skipped(`Not checked: ${failed}`);
    if (delivery.answers.some(({ text }) => String(rowIn(text)?.id) === row.id))
      return ok('The answer to a PUT shows the row with the id that was sent.');
    return skipped(
      found === null
        ? 'Not checked: --read does not find the row. See "applied means visible".'
        : 'Not checked: the answer does not show the row. Needs a url to read rows back (--read).',
    );
  },
};

/** Returns the advice for a backend that chooses ids itself. */
export function idAdvice({ idAdvice: own }: Contract): string {
  return (
    own ??
    'Store the id that is sent: the app chose it, and refers to it in other rows. Its column has to be text, or uuid.'
  );
}
