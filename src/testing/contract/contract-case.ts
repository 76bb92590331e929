import type { ContractNeed, TransportHarness } from './harness.ts';
import { type Session, startSession } from './session.ts';

/** One test for transports. */
export interface TransportContractCase {
  /** The rule as a sentence, to name the test. */
  readonly name: string;
  /** Needs that the harness must support for this case. */
  readonly needs: readonly ContractNeed[];
  /** Rejects with an `Error` that says what the transport did wrong. Pass a new harness to each case. */
  run(harness: TransportHarness): Promise<void>;
}

export function contractCase(
  name: string,
  needs: readonly ContractNeed[],
  run: (session: Session) => Promise<void>,
): TransportContractCase {
  return { name, needs, run: async (harness) => run(startSession(harness)) };
}
