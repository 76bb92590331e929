// Makes up what happens in a history, from a seed.

import { FAULTS, type Fault } from './network.ts';
import { type Dice, dice } from './scheduler.ts';
import type { Bad, ServerFault } from './server.ts';

/** One step of a history. Its numbers choose among what exists at that moment. */
export type Action =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'fault'; readonly fault: Fault; readonly times: number }
  | { readonly do: 'deploy'; readonly fault: ServerFault | undefined }
  | DeviceAction;

export type DeviceAction = { readonly device: number } & (
  | { readonly do: 'write'; readonly entries: number; readonly bad?: Bad | undefined }
  | { readonly do: 'open' | 'refuse token' | 'back up' | 'restore' | 'clear' | 'discard' }
  | { readonly do: 'release held' | 'write again' }
  | { readonly do: 'move clock'; readonly ms: number }
  | TabAction
);

/** An action in a tab, or on it. */
export type TabAction = { readonly tab: number } & (
  | { readonly do: 'upload' | 'drain' | 'crash' | 'disconnect' | 'keep uploading' | 'stop uploading' }
  /** Runs the SDK's own loop for a while. */
  | { readonly do: 'sync'; readonly ms: number }
  /** Kills the tab at the next statement of this kind. */
  | { readonly do: 'crash at'; readonly point: 'recording' | 'completing' | 'counting' }
  | { readonly do: 'close'; readonly sameRealm: boolean }
  /** With `closedAfter`, the tab is closed that many milliseconds after the action began. */
  | {
      readonly do: 'sign in';
      readonly user: number;
      readonly closedAfter?: number | undefined;
      /** How long the app's session still returns tokens of the previous user. */
      readonly lagMs?: number | undefined;
    }
  | { readonly do: 'sign out'; readonly keepsToken: boolean }
  | { readonly do: 'leave'; readonly unsent: 'keep' | 'export' | 'discard' }
);

export interface Plan {
  readonly seed: number;
  readonly actions: readonly Action[];
}

export const DEVICES = 2;

type Makers = readonly (readonly [weight: number, make: () => Action])[];

export function plan(seed: number): Plan {
  const random = dice(seed);
  const makers = makersOf(random);
  const total = makers.reduce((sum, [weight]) => sum + weight, 0);
  const actions = Array.from({ length: 20 + random.below(60) }, (): Action => {
    let at = random() * total;
    for (const [weight, make] of makers) {
      if (at < weight) return make();
      at -= weight;
    }
    return { do: 'wait', ms: 1 };
  });
  return { seed, actions };
}

function makersOf(random: Dice): Makers {
  const at = () => ({ device: random.below(DEVICES) });
  const tab = () => ({ ...at(), tab: random.below(3) });
  const bad = (): Bad | undefined =>
    random.chance(0.1) ? random.pick(['invalid', 'invalid', 'decide']) : undefined;
  const deployments: readonly (ServerFault | undefined)[] = [
    'refuse all',
    'refuse half',
    'refuse one',
    'forbidden',
    'unavailable',
    'too large',
    'replay conflicts',
    undefined,
    undefined,
  ];
  return [
    [30, () => ({ do: 'write', ...at(), entries: 1 + random.below(4), bad: bad() })],
    [26, () => ({ do: 'upload', ...tab() })],
    [5, () => ({ do: 'drain', ...tab() })],
    [4, () => ({ do: 'sync', ...tab(), ms: random.pick([10_000, 60_000, 300_000]) })],
    [20, () => ({ do: 'wait', ms: random.pick([1, 10, 50, 500, 6_000, 60_000, 600_000]) })],
    [14, () => ({ do: 'fault', fault: random.pick(FAULTS), times: 1 + random.below(3) })],
    [3, () => ({ do: 'deploy', fault: random.pick(deployments) })],
    [3, () => ({ do: 'open', ...at() })],
    [3, () => ({ do: 'crash', ...tab() })],
    [
      2,
      () => ({
        do: 'crash at',
        ...tab(),
        point: random.pick(['recording', 'completing', 'counting'] as const),
      }),
    ],
    [2, () => ({ do: 'close', ...tab(), sameRealm: random.chance(0.5) })],
    [
      3,
      () => ({
        do: 'sign in',
        ...tab(),
        user: random.below(2),
        ...(random.chance(0.15) && { closedAfter: random.below(20) }),
        ...(random.chance(0.2) && { lagMs: random.pick([100, 10_000]) }),
      }),
    ],
    [1, () => ({ do: 'sign out', ...tab(), keepsToken: random.chance(0.5) })],
    [1, () => ({ do: 'leave', ...tab(), unsent: random.pick(['keep', 'export', 'discard'] as const) })],
    [1, () => ({ do: 'disconnect', ...tab() })],
    [1, () => ({ do: 'keep uploading', ...tab() })],
    [1, () => ({ do: 'stop uploading', ...tab() })],
    [2, () => ({ do: 'refuse token', ...at() })],
    [2, () => ({ do: 'back up', ...at() })],
    [1, () => ({ do: 'restore', ...at() })],
    [1, () => ({ do: 'clear', ...at() })],
    [1, () => ({ do: 'discard', ...at() })],
    [2, () => ({ do: 'release held', ...at() })],
    [1, () => ({ do: 'write again', ...at() })],
    [2, () => ({ do: 'move clock', ...at(), ms: random.pick([-86_400_000, -60_000, 60_000, 86_400_000]) })],
  ];
}
