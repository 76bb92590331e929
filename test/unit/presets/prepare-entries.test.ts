import { describe, expect, it } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import { prepareEntries } from '../../../src/presets/prepare-entries.ts';
import type { UploadEntry } from '../../../src/queue/transaction.ts';
import type { Outcome } from '../../../src/transport/outcome.ts';
import { context, put, transaction } from '../../http/support.ts';

/** A PATCH without columns, which the SDK queues for an UPDATE that changes nothing. */
const empty = (id: string): UploadEntry => ({ ...put(id), op: 'PATCH', opData: {} });
const APPLIED: Outcome = { status: 'applied' };
const SKIPPED: Outcome = { status: 'skipped' };
const NOT_ATTEMPTED: Outcome = { status: 'not_attempted' };
const down: Outcome = { status: 'retry', error: new UploadError('network', 'No network.') };

/** Sends transactions of one entry each to a backend with these outcomes. */
async function send(entries: readonly UploadEntry[], outcomes: readonly Outcome[]) {
  const sent: string[] = [];
  const transport = prepareEntries(async ({ transactions }) => {
    sent.push(...transactions.map(({ key }) => key));
    return outcomes;
  });
  const transactions = entries.map((entry, index) => transaction(`${index}`, entry));
  return { said: await transport({ transactions }, context()), sent };
}

describe('a transaction of PATCHes without columns', () => {
  it('is not sent, and is skipped', async () => {
    const { said, sent } = await send([put('a'), empty('a'), put('b')], [APPLIED, APPLIED]);
    expect(sent).toHaveLength(2);
    expect(said).toEqual([APPLIED, SKIPPED, APPLIED]);
    expect((await send([empty('a'), put('b')], [down])).said).toEqual([SKIPPED, down]);
    expect((await send([empty('a')], [])).said).toEqual([SKIPPED]);
  });

  it('is skipped behind one that failed, too', async () => {
    const { said } = await send([put('a'), empty('a'), put('b')], [down, NOT_ATTEMPTED]);
    expect(said).toEqual([down, SKIPPED, NOT_ATTEMPTED]);
  });
});

describe('an entry that is not sent', () => {
  it('moves no index of the others', async () => {
    const entries = [empty('a'), put('a'), empty('a'), put('b')].map((each, clientId) => ({
      ...each,
      clientId,
    }));
    const refused: Outcome = {
      status: 'rejected',
      error: new UploadError('invalid', 'No.'),
      entryIndex: 1,
      appliedEntries: [0],
    };
    const transport = prepareEntries(async ({ transactions }) => {
      expect(transactions.map((each) => each.entries.map(({ clientId }) => clientId))).toEqual([[1, 3]]);
      return [refused];
    });
    const said = await transport({ transactions: [transaction('t', ...entries)] }, context());
    expect(said).toEqual([{ ...refused, entryIndex: 3, appliedEntries: [1] }]);
  });
});

describe('an entry that the backend never accepts', () => {
  it('is refused once what is before it was sent', async () => {
    const sent: string[] = [];
    const transport = prepareEntries(
      async ({ transactions }) => {
        sent.push(...transactions.map(({ key }) => key));
        return transactions.map(() => APPLIED);
      },
      ({ id }) => {
        if (id === 'bad') throw new UploadError('invalid', 'No.');
      },
    );
    const [good, bad, nothing] = [transaction('good'), transaction('bad'), transaction('e', empty('a'))];
    const deliver = async (...transactions: (typeof good)[]) =>
      (await transport({ transactions }, context())).map(({ status }) => status);
    expect(await deliver(good, bad, good)).toEqual(['applied', 'not_attempted', 'not_attempted']);
    expect(await deliver(nothing, bad, good)).toEqual(['skipped', 'rejected', 'not_attempted']);
    expect(sent).toEqual(['key-of-good']);
  });
});
