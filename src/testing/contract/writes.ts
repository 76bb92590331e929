import { check, describe, fail, shown } from './checks.ts';
import { contractCase, type TransportContractCase } from './contract-case.ts';
import type { Values } from './session.ts';

/** Cases in which nothing goes wrong. */
export const writes: readonly TransportContractCase[] = [
  contractCase('each transaction gets one outcome, in order, and the first is attempted', [], async (it) => {
    const ids = ['one', 'two', 'three'];
    const sent = await it.send(ids.map((id) => it.transaction(it.put(id, { text: id }))));
    const { outcomes, thrown } = sent;
    if (thrown || outcomes[0]?.status !== 'applied')
      fail(`three good transactions must be applied or not attempted, but ${describe(sent)}`);
    const applied = ids.filter((_, index) => outcomes[index]?.status === 'applied');
    await it.expectRows(named(applied), `when ${applied.length} transactions are reported as applied`);
  }),

  contractCase('PUT, PATCH and DELETE have exactly their effect', [], async (it) => {
    const text = 'naïve "double" \'single\' \\ back\n\ttab 👩‍👩‍👧 ﷽';
    await it.apply(
      it.put('full', { text, note: 'stays', amount: -1.5 }),
      it.put('empty', { text: '', note: null, amount: 0 }),
      it.put('short', { text: 'a' }),
      it.put('gone', { text: 'x' }),
    );
    await it.expectRows(
      {
        full: { text, note: 'stays', amount: -1.5 },
        empty: { text: '', amount: 0 },
        short: { text: 'a' },
        gone: { text: 'x' },
      },
      'after PUTs',
    );
    await it.apply(
      it.patch('full', { text: '', amount: 9007199254740991 }),
      it.patch('short', { text: null, note: text }),
      it.remove('gone'),
    );
    await it.expectRows(
      {
        full: { text: '', note: 'stays', amount: 9007199254740991 },
        empty: { text: '', amount: 0 },
        short: { note: text },
      },
      'after PATCHes and a DELETE',
    );
  }),

  contractCase('changes to one row are applied in order', [], async (it) => {
    const { transaction, put, patch, remove } = it;
    await it.upload([
      transaction(put('a', { text: '1' }), patch('a', { text: '2', note: 'n' }), patch('a', { text: '3' })),
      transaction(put('b', { text: 'old' }), remove('b'), put('b', { text: 'new' })),
      transaction(patch('a', { text: '4' })),
      transaction(patch('b', { text: '5' }), patch('a', { text: '5' })),
      transaction(put('c', { text: 'x' })),
      transaction(remove('c')),
    ]);
    await it.expectRows({ a: { text: '5', note: 'n' }, b: { text: '5' } }, 'after six transactions in order');
  }),

  contractCase('a DELETE of a missing row is applied', [], async (it) => {
    await it.apply(it.put('gone', { text: 'x' }), it.put('stays', { text: 'y' }));
    await it.apply(it.remove('gone'));
    await it.apply(it.remove('gone'));
    await it.expectRows({ stays: { text: 'y' } }, 'after two DELETEs of one row');
  }),

  contractCase('a large batch is delivered in several calls, and nothing twice', [], async (it) => {
    const ids = Array.from({ length: 120 }, (_, index) => `row-${index}`);
    const value = (id: string): Values => ({ text: `${id} ${'🧺'.repeat(500)}`, amount: 1 });
    const delivered = await it.upload(ids.map((id) => it.transaction(it.put(id, value(id)))));
    const lost = delivered.findIndex(({ status }) => status !== 'applied');
    check(lost < 0, `of ${ids.length} good transactions, number ${lost + 1} is ${shown(delivered[lost])}`);
    await it.expectRows(new Map(ids.map((id) => [id, value(id)])), `after ${ids.length} PUTs`);
    const executions = (await it.harness.backend.executions?.()) ?? 0;
    check(executions <= ids.length, `${ids.length} writes were executed ${executions} times`);
  }),
];

function named(ids: readonly string[]): Record<string, Values> {
  return Object.fromEntries(ids.map((id) => [id, { text: id }]));
}
