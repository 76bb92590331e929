import { optionChecks } from '../../check-options.ts';
import { page } from './answers.ts';
import type { MockAnswer, MockContract, MockRejection } from './contract.ts';
import type { Fault } from './faults.ts';
import type { FailNextOptions, MockBackend, RejectNextOptions } from './mock.ts';
import type { MockState } from './state.ts';

/** The methods of all contracts. */
export interface WholeScript
  extends Omit<MockBackend, 'url' | 'handlers' | 'fetch' | 'received' | 'pending' | 'tables' | 'executions'> {
  rejectNext(
    code: string,
    options?: RejectNextOptions & Pick<MockRejection, 'status' | 'needsDecision'>,
  ): void;
  retryNext(options?: { readonly retryAfterMs?: number | undefined }): void;
  wrongCount(): void;
}

type WithoutCall<Each> = Each extends Fault ? Omit<Each, 'call'> : never;

/** Makes the methods by which a test controls the mock. */
export function createScript(contract: MockContract, state: MockState, maxBytes: number): WholeScript {
  const { store, faults, line, tokens, received, limit } = state;
  const { number } = optionChecks(contract.who);

  /** Prepares a fault, with the text of the call for `pending`. */
  function prepare(name: string, fault: WithoutCall<Fault>, argument?: string | number): void {
    const call = `${name}(${argument === undefined ? '' : JSON.stringify(argument)})`;
    faults.prepare({ ...fault, call } as Fault);
  }

  return {
    rejectNext(code, { message = `Refused by the mock: ${code}.`, where, ...others } = {}) {
      prepare('rejectNext', { kind: 'reject', rejection: { code, message, ...others }, where }, code);
    },
    retryNext({ retryAfterMs } = {}) {
      prepare('retryNext', { kind: 'retry', retryAfterMs });
    },
    failNext(status, options = {}) {
      number('status', status, 200, 599);
      prepare('failNext', { kind: 'answer', answer: failure(contract, status, options) }, status);
    },
    html: ({ status = 200 } = {}) => prepare('html', { kind: 'answer', answer: page(status) }),
    dropReply: () => prepare('dropReply', { kind: 'drop' }),
    truncate: () => prepare('truncate', { kind: 'truncate' }),
    wrongCount: () => prepare('wrongCount', { kind: 'miscount' }),
    expireToken: () => tokens.expire(),
    limitBytes(bytes, { cors = true } = {}) {
      number('bytes', bytes, 0, Number.POSITIVE_INFINITY);
      Object.assign(limit, { bytes, cors });
    },
    delay(ms) {
      number('ms', ms, 0);
      line.slow(ms);
    },
    offline: () => line.cut(true),
    online: () => line.cut(false),
    freeze: () => line.freeze(),
    release: () => line.release(),
    reset() {
      received.length = 0;
      Object.assign(limit, { bytes: maxBytes, cors: true });
      for (const part of [store, faults, tokens, line]) part.reset();
    },
  };
}

function failure(
  { refusal }: MockContract,
  status: number,
  { retryAfter, message = `Failed by the mock: ${status}.` }: FailNextOptions,
): MockAnswer {
  const answer = refusal(status, message);
  if (retryAfter === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfter) } };
}
