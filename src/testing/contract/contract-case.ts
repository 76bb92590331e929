import type { ContractNeed, TransportHarness } from './harness.ts';
import { type Session, startSession } from './session.ts';

/** One thing that every transport has to do. */
export interface TransportContractCase {
  /** A sentence, for the name of a test. */
  readonly name: string;
  /** What a harness must offer for this case to say something. */
  readonly needs: readonly ContractNeed[];
  /** Rejects with an `Error` that says what the transport did wrong. Give each case a new harness. */
  run(harness: TransportHarness): Promise<void>;
}

export function contractCase(
  name: string,
  needs: readonly ContractNeed[],
  run: (session: Session) => Promise<void>,
): TransportContractCase {
  return { name, needs, run: async (harness) => run(startSession(harness)) };
}
