import type { UploadError } from '../../error/upload-error.ts';
import { check, fail, mustBeKept } from './checks.ts';
import { contractCase, type TransportContractCase } from './contract-case.ts';
import type { TransportFault } from './harness.ts';
import type { Session } from './session.ts';
import { until } from './time-limit.ts';

/** Cases about servers and networks that fail. */
export const faults: readonly TransportContractCase[] = [
  ...(
    [
      ['offline', 'an unreachable backend is a network failure'],
      ['server-error', 'a server error keeps the writes'],
      ['unavailable', 'an unavailable server keeps the writes'],
      ['web-page', 'a web page is not an answer'],
      ['empty-answer', 'an empty success is not an answer'],
      ['foreign-answer', 'a success in another form is not an answer'],
      ['broken-reply', 'an answer that breaks off is not an answer'],
      ['cut-reply', 'half an answer is not an answer'],
    ] satisfies [TransportFault, string][]
  ).map(([kind, name]) =>
    contractCase(name, [kind], async (it) => {
      const code = await keepsTheWrites(it, kind);
      if (kind === 'offline') check(code === 'network', `the code must be "network", not "${code}"`);
    }),
  ),

  contractCase('an abort ends the call promptly', ['no-reply'], async (it) => {
    const transaction = it.transaction(it.put('a', { text: '1' }));
    const before = it.harness.backend.requests();
    const abort = new AbortController();
    await it.fault('no-reply');
    const sending = it.send([transaction], { signal: abort.signal });
    await until(() => it.harness.backend.requests() > before, 'to send the request');
    abort.abort();
    mustBeAborted(await sending);
    mustBeAborted(await it.send([transaction], { signal: abort.signal }));
    await it.expectRows({}, 'after an abort');
    await it.apply(it.put('b', { text: '2' }));
    await it.expectRows({ b: { text: '2' } }, 'after the next call');
  }),
];

/** Sends two transactions. The first request fails, so both must be kept. The retry must apply them. */
async function keepsTheWrites(it: Session, kind: TransportFault): Promise<string> {
  const transactions = [
    it.transaction(it.put('a', { text: '1' })),
    it.transaction(it.put('b', { text: '2' }), it.patch('a', { note: '3' })),
  ];
  await it.fault(kind);
  const error = mustBeKept(await it.send(transactions), `with the fault "${kind}"`);
  await it.upload(transactions);
  await it.expectRows({ a: { text: '1', note: '3' }, b: { text: '2' } }, `after the retry of "${kind}"`);
  return error.code;
}

function mustBeAborted({
  thrown,
  outcomes,
}: {
  thrown?: UploadError | undefined;
  outcomes: readonly unknown[];
}) {
  if (!thrown) fail(`an aborted call must reject, but it returned ${outcomes.length} outcomes`);
  check(
    thrown.code === 'aborted',
    `an aborted call must throw "aborted" or an AbortError, not ${thrown.message}`,
  );
}
