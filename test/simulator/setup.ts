// The set-up of a history. It doesn't change while the history runs, or while it is made shorter.

import { POLICIES, type Policy } from './policies.ts';
import { dice } from './scheduler.ts';
import { TOKENS, type TokenKind } from './tokens.ts';
import { TRANSPORTS, type TransportSetup } from './transports.ts';

export interface DeviceSetup {
  /** 1 on phones, where the app is one process. */
  readonly maxTabs: number;
  readonly transport: TransportSetup;
  readonly policy: Policy;
  readonly tokens: TokenKind;
  /** The app has its own token cache, which is slow. */
  readonly hasCache: boolean;
  /** Somebody is signed in from the start, and `setOwner()` is not called until the user changes. */
  readonly startsSignedIn: boolean;
  readonly maxTransactions: number;
}

export interface Setup {
  readonly hasWebLocks: boolean;
  /** The backend also attempts the transactions behind a refused one. */
  readonly goesOn: boolean;
  readonly devices: readonly DeviceSetup[];
}

export function setUp(seed: number, devices: number): Setup {
  const random = dice(seed ^ 0x5e7);
  return {
    hasWebLocks: random.chance(0.5),
    goesOn: random.chance(0.3),
    devices: Array.from({ length: devices }, (): DeviceSetup => {
      const isPhone = random.chance(0.4);
      const kind = random.chance(0.6) ? 'write api' : random.pick(TRANSPORTS);
      return {
        maxTabs: isPhone ? 1 : 3,
        transport: {
          kind,
          ignoresSignal: random.chance(0.3),
          usesSession: isPhone && kind === 'per entry' && random.chance(0.5),
          concurrency: random.chance(0.3) ? 3 : 1,
        },
        policy: random.chance(0.5) ? 'record' : random.pick(POLICIES),
        tokens: random.pick(TOKENS),
        hasCache: isPhone && random.chance(0.3),
        startsSignedIn: random.chance(0.4),
        maxTransactions: 1 + random.below(8),
      };
    }),
  };
}
