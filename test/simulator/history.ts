// One history: what happens to a few devices and a backend, and what must be true in the end.

import { Violations } from './checks/violations.ts';
import { Device } from './device.ts';
import { WebLocks } from './locks.ts';
import { Network } from './network.ts';
import { type Action, DEVICES, type Plan } from './plan.ts';
import type { Realm } from './realms.ts';
import { createScheduler, dice, inVirtualTime, type Scheduler } from './scheduler.ts';
import { Server } from './server.ts';
import { setUp } from './setup.ts';

/** Runs a history and returns the violations. */
export async function run(plan: Plan, realms: readonly Realm[]): Promise<string[]> {
  const scheduler = createScheduler(Date.UTC(2026, 0, 1));
  return inVirtualTime(scheduler, () => live(plan, scheduler, realms));
}

let histories = 0; // The lanes of a realm are keyed by client id.

async function live(
  { seed, actions }: Plan,
  scheduler: Scheduler,
  realms: readonly Realm[],
): Promise<string[]> {
  const random = dice(seed ^ 0x5eed);
  const { hasWebLocks, goesOn, devices: setups } = setUp(seed, DEVICES);
  const violations = new Violations();
  const server = new Server(random, {
    goesOn,
    onEffect: (effect) =>
      devices.find(({ clientId }) => effect.marker.startsWith(`${clientId}-`))?.tookEffect(effect),
    onViolation: (text) => violations.add(text),
  });
  const network = new Network(scheduler, random, server);
  const world = {
    scheduler,
    random,
    server,
    network,
    violations,
    realms,
    webLocks: hasWebLocks ? new WebLocks() : undefined,
  };
  const id = ++histories;
  const devices = setups.map((setup, index) => new Device(world, `w${id}d${index}`, setup));

  const act = async (action: Action): Promise<void> => {
    switch (action.do) {
      case 'wait':
        return scheduler.advance(action.ms);
      case 'fault':
        for (let i = 0; i < action.times; i++) network.faults.push(action.fault);
        return;
      case 'deploy':
        network.deployment = action.fault;
        return;
    }
    await devices[action.device]?.act(action);
    await scheduler.advance(random.below(5));
  };
  for (const action of actions) await act(action);

  network.faults.length = 0;
  network.deployment = undefined;
  for (const device of devices) await device.comeToRest();
  for (const device of devices) device.judge();
  return violations.list;
}
