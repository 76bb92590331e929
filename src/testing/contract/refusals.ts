import { check, describe, isRefused, shown } from './checks.ts';
import { contractCase, type TransportContractCase } from './contract-case.ts';

/** Cases about transactions that the backend refuses because of their data. */
export const refusals: readonly TransportContractCase[] = [
  contractCase('a refused transaction is rejected', [], async (it) => {
    const sent = await it.send([it.transaction(it.refused('bad'))]);
    check(isRefused(sent), `the backend refuses the only transaction, but ${describe(sent)}`);
    await it.expectRows({}, 'after a refused transaction');
  }),

  contractCase('transactions around a refused one are applied', [], async (it) => {
    const delivered = await it.upload([
      it.transaction(it.put('before', { text: '1' })),
      it.transaction(it.refused('bad')),
      it.transaction(it.put('behind', { text: '2' })),
      it.transaction(it.patch('before', { note: '3' })),
    ]);
    const statuses = shown(delivered.map(({ status }) => status));
    check(
      statuses === shown(['applied', 'failed', 'applied', 'applied']),
      `of four transactions only the second is refused, but they were ${statuses}`,
    );
    await it.expectRows({ before: { text: '1', note: '3' }, behind: { text: '2' } }, 'around a refusal');
  }),

  contractCase(
    'a transaction with a refused entry is all or nothing, or lists what was applied',
    [],
    async (it) => {
      const { atomic } = it.harness;
      const entries = [it.put('first', { text: '1' }), it.refused('bad'), it.put('last', { text: '3' })];
      const sent = await it.send([it.transaction(...entries)]);
      check(isRefused(sent), `the backend refuses an entry of the only transaction, but ${describe(sent)}`);
      const [outcome] = sent.outcomes;
      const rejected = outcome?.status === 'rejected' ? outcome : undefined;
      const stored = await it.rows();
      const applied = entries.flatMap(({ id }, index) => (stored.has(id) ? [index] : []));
      if (atomic)
        check(applied.length === 0, `it promises to be atomic, but entries ${shown(applied)} were applied`);
      const told = rejected?.appliedEntries ?? [];
      check(
        shown([...told].sort()) === shown(applied),
        `entries ${shown(applied)} were applied, but \`appliedEntries\` is ${shown(told)}`,
      );
      const { entryIndex } = rejected ?? {};
      check(
        entryIndex === undefined || entryIndex === 1,
        `entry 1 is at fault, but \`entryIndex\` is ${entryIndex}`,
      );
    },
  ),
];
