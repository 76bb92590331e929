import { check, describe, mustBeKept, shown } from './checks.ts';
import { contractCase, type TransportContractCase } from './contract-case.ts';
import type { Session } from './session.ts';

/** Cases about transactions that are sent again. */
export const replays: readonly TransportContractCase[] = [
  contractCase('a transaction that is sent again after a restart does no harm', [], async (it) => {
    const { idempotent, createTransport } = it.harness;
    const again = it.transaction(it.put('a', { text: 'first' }), it.put('b', { text: 'first' }));
    await it.upload([again]);
    if (idempotent) await it.apply(it.patch('a', { text: 'newer' }), it.remove('b'));
    const [rows, executions] = [await it.rows(), await executionsOf(it)];

    const sent = await it.send([again], { transport: createTransport() });
    check(sent.outcomes[0]?.status === 'applied', `it was applied before, but ${describe(sent)}`);
    await it.expectRows(rows, 'after a replay');
    if (idempotent) {
      const now = await executionsOf(it);
      check(
        now === executions,
        `the replay was executed: ${shown(executions)} executions became ${shown(now)}`,
      );
    }
  }),

  contractCase('another key is another write, even with the same op ids', [], async (it) => {
    const first = it.transaction(it.put('a', { text: 'first' }));
    await it.upload([first]);
    const entries = first.entries.map((entry) => ({
      ...entry,
      ...withoutOpId(it.put('a', { text: 'second' })),
    }));
    await it.upload([{ ...first, key: first.key.replace(/[^:]*$/, '0123456789abcdef'), entries }]);
    await it.expectRows({ a: { text: 'second' } }, 'after a write with the op ids of an older one');
  }),

  contractCase(
    'a lost reply is a temporary failure, and the retry settles it',
    ['lost-reply'],
    async (it) => {
      const transaction = it.transaction(it.put('a', { text: '1' }));
      await it.fault('lost-reply');
      const lost = await it.send([transaction]);
      mustBeKept(lost, 'when the reply is lost');
      await it.expectRows(
        { a: { text: '1' } },
        'after a lost reply (if it fails here, the harness is wrong)',
      );
      const sent = await it.send([transaction], { attempt: 2 });
      check(sent.outcomes[0]?.status === 'applied', `the retry must be applied, but ${describe(sent)}`);
      await it.expectRows({ a: { text: '1' } }, 'after the retry');
      const executions = await executionsOf(it);
      if (it.harness.idempotent)
        check((executions ?? 1) === 1, `one write was executed ${shown(executions)} times`);
    },
  ),
];

async function executionsOf({ harness }: Session): Promise<number | undefined> {
  return harness.backend.executions?.();
}

function withoutOpId<Entry extends { clientId: number }>({
  clientId,
  ...others
}: Entry): Omit<Entry, 'clientId'> {
  return others;
}
