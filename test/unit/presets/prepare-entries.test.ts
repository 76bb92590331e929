import { describe, expect, it } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import { prepareEntries } from '../../../src/presets/prepare-entries.ts';
import type { UploadEntry } from '../../../src/queue/transaction.ts';
import type { Outcome } from '../../../src/transport/outcome.ts';
import { context, put, transaction } from '../../http/support.ts';

/** A PATCH without columns, which the SDK queues for an UPDATE that changes nothing. */
const empty = (id: string): UploadEntry => ({ ...put(id), op: 'PATCH', opData: {} });
const APPLIED: Outcome = { status: 'applied' };
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
  it('is not sent, and is done', async () => {
    const { said, sent } = await send([put('a'), empty('a'), put('b')], [APPLIED, APPLIED]);
    expect(sent).toHaveLength(2);
    expect(said).toEqual([APPLIED, APPLIED, APPLIED]);
    expect((await send([empty('a'), put('b')], [down])).said).toEqual([APPLIED, down]);
  });

  it('is not done behind one that failed: that one would count as overtaken', async () => {
    const { said } = await send([put('a'), empty('a'), put('b')], [down, NOT_ATTEMPTED]);
    expect(said).toEqual([down, NOT_ATTEMPTED, NOT_ATTEMPTED]);
  });

  it('is not done behind one that was not attempted', async () => {
    const { said } = await send([put('a'), put('b'), empty('b')], [APPLIED, NOT_ATTEMPTED]);
    expect(said).toEqual([APPLIED, NOT_ATTEMPTED, NOT_ATTEMPTED]);
  });
});
