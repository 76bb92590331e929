import type { Answer } from '../server.ts';
import { allApplied, onStage, type Scenario, type Stage } from './stage.ts';

/** P5: during a back-off, a call ends at once, without a request. The wait that a backend asks for is kept. */
export const waiting: Scenario = async (realm) => {
  const found: string[] = [];
  const requests: number[] = [];
  let answer: Answer = { status: 503, text: '' };
  const backend = (names: readonly string[], now: number): Answer => {
    requests.push(now);
    return answer.status === 200 ? allApplied(names) : answer;
  };
  const upload = async ({ connector, handle, scheduler }: Stage): Promise<number | undefined> => {
    const startedAt = scheduler.now;
    let took: number | undefined;
    void connector.uploadData(handle).then(
      () => {},
      () => {
        took = scheduler.now - startedAt;
      },
    );
    await scheduler.advance(1_000);
    return took;
  };
  await onStage(realm, { backend }, async (stage) => {
    stage.write('a');
    await upload(stage);
    const took = await upload(stage);
    if (took !== 0) found.push(`P5: during a back-off, uploadData() took ${took ?? 'over 1000'} ms`);
    if (requests.length !== 1) found.push(`P5: ${requests.length - 1} requests went out during a back-off`);
    await stage.scheduler.advance(60_000);
    answer = { status: 429, text: '', headers: { 'retry-after': '120' } };
    await upload(stage);
    const askedAt = requests[requests.length - 1] ?? 0;
    answer = { status: 200, text: '' };
    void stage.connector.drain(stage.handle);
    await stage.sync(600_000);
    const waited = (requests[requests.length - 1] ?? 0) - askedAt;
    if (waited < 120_000)
      found.push(`the backend asked to wait for 120 s, and was asked again after ${waited / 1_000} s`);
  });
  return found;
};
