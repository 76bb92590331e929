import type { ReceivedRequest } from './contract.ts';
import type { createFaults } from './faults.ts';
import type { createLine } from './line.ts';
import type { createStore } from './store.ts';
import type { createTokenCheck } from './token-check.ts';

/** The parts of a mock that change. */
export interface MockState {
  readonly store: ReturnType<typeof createStore>;
  readonly faults: ReturnType<typeof createFaults>;
  readonly line: ReturnType<typeof createLine>;
  readonly tokens: ReturnType<typeof createTokenCheck>;
  readonly received: Received[];
  readonly limit: { bytes: number; cors: boolean };
}

export type Received = { -readonly [Name in keyof ReceivedRequest]: ReceivedRequest[Name] };
