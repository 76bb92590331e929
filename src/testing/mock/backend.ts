import { utf8Length } from '../../contract/pack-transactions.ts';
import { cutInHalf } from './answers.ts';
import {
  isAnswer,
  type MockAnswer,
  type MockContract,
  type MockRequest,
  type MockTransaction,
} from './contract.ts';
import { createFaces, type Handle } from './faces.ts';
import { createFaults, type Drawn } from './faults.ts';
import { createLine } from './line.ts';
import type { MockBackend } from './mock.ts';
import type { ResolvedMockOptions } from './options.ts';
import { createScript, type WholeScript } from './script.ts';
import type { MockState, Received } from './state.ts';
import { createStore, type Rule } from './store.ts';
import { createTokenCheck } from './token-check.ts';

/** A mock with the methods of all contracts. */
export interface ScriptedBackend extends MockBackend, WholeScript {
  /** Answers a request, without `fetch` or msw. */
  readonly handle: Handle;
}

/**
 * Makes a stateful backend for one contract.
 *
 * @param maxBytes Largest body that the contract allows, in bytes.
 */
export function createMockBackend(
  contract: MockContract,
  options: ResolvedMockOptions,
  maxBytes = Number.POSITIVE_INFINITY,
): ScriptedBackend {
  const { who } = contract;
  const { url, authorization, clock } = options;
  const state: MockState = {
    store: createStore(options),
    faults: createFaults(),
    line: createLine(),
    tokens: createTokenCheck(authorization === 'bearer', clock),
    received: [],
    limit: { bytes: maxBytes, cors: true },
  };
  const { store, faults, tokens, received } = state;
  const handle = createMachine(contract, state);
  return {
    url,
    handle,
    received,
    ...createFaces({ who, url, isPrefix: contract.isPrefix ?? false, handle }),
    ...createScript(contract, state, maxBytes),
    get pending() {
      return [...faults.calls(), ...(tokens.isUnnoticed ? ['expireToken()'] : [])];
    },
    get tables() {
      return store.tables;
    },
    get executions() {
      return store.executions;
    },
  };
}

/**
 * Handles a request. It passes the line (offline, frozen, slow), the size limit, the token check and the contract's own
 * validation. Then the first prepared fault that fits it happens.
 */
function createMachine(contract: MockContract, state: MockState): Handle {
  const { store, faults, line, tokens, received, limit } = state;
  const { refusal } = contract;

  function decide(
    request: MockRequest,
    read: readonly MockTransaction[] | MockAnswer,
  ): MockAnswer | undefined {
    if (utf8Length(request.text) > limit.bytes)
      return limit.cors ? refusal(413, 'request entity too large') : undefined;
    const problem = tokens.problemWith(request.headers.authorization);
    if (problem) return refusal(401, problem);
    if (isAnswer(read)) return read;
    // A replay gets its earlier answer, so it uses up no fault.
    const fault = faults.draw(read.filter((transaction) => !store.isReplay(transaction)));
    return fault?.kind === 'answer' ? fault.answer : execute(request, read, fault);
  }

  function execute(
    request: MockRequest,
    transactions: readonly MockTransaction[],
    fault: Drawn | undefined,
  ): MockAnswer | undefined {
    const rule: Rule = (entry, exists) => contract.rule?.(entry, exists, request);
    const results = store.execute(transactions, contract.unit, rule, fault?.planned);
    const executed = { request, transactions, results, tables: store.tables };
    if (fault?.kind === 'miscount' && contract.miscount) return contract.miscount(executed);
    const answer = contract.answer(executed);
    if (fault?.kind === 'drop') return undefined;
    return fault?.kind === 'truncate' ? cutInHalf(answer) : answer;
  }

  return async (request, signal) => {
    if (line.isCut) return undefined;
    const read = contract.read(request);
    const { method, url, headers, text, body = text } = request;
    const transactions = isAnswer(read) ? [] : read;
    const seen: Received = { method, url, headers, body, transactions, status: undefined };
    received.push(seen);
    if (!(await line.pass(signal))) return undefined;
    const answer = decide(request, read);
    seen.status = answer?.status;
    return answer;
  };
}
