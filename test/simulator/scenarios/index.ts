import { badDeployment, badRun, halfBroken, oneBad } from './breaker.ts';
import { closing } from './closing.ts';
import { deadline } from './deadline.ts';
import { discarding } from './discarding.ts';
import { outage } from './outage.ts';
import { heldBeforeToken, leaving, overtaken, slowPolicy } from './policies.ts';
import { ready } from './ready.ts';
import { redirect } from './redirect.ts';
import type { Scenario } from './stage.ts';
import { waiting } from './waiting.ts';

export const SCENARIOS = {
  badRun,
  badDeployment,
  halfBroken,
  oneBad,
  redirect,
  waiting,
  closing,
  discarding,
  outage,
  deadline,
  ready,
  slowPolicy,
  leaving,
  overtaken,
  heldBeforeToken,
} satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof SCENARIOS;
