import type { Plan } from './plan.ts';

/** Leaves out runs of actions, shorter and shorter ones, as long as the rest still fails. */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let { actions } = plan;
  for (let size = Math.ceil(actions.length / 2); size >= 1; ) {
    let isShorter = false;
    for (let at = 0; at < actions.length; ) {
      const fewer = [...actions.slice(0, at), ...actions.slice(at + size)];
      if (await fails({ ...plan, actions: fewer })) {
        actions = fewer;
        isShorter = true;
      } else {
        at += size;
      }
    }
    if (size === 1 && !isShorter) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return { ...plan, actions };
}
