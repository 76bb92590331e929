import type { UploadRecord } from './upload-record.ts';
import { count, type Fact, gateFact, tokenFact } from './words.ts';

/** The state of the gate and the token, and the counters. */
export function Facts({ record, now }: { record: UploadRecord; now: number }) {
  const { status, queue, token, failures } = record;
  const { attempts, applied, rejected } = status.counters;
  const facts: readonly (readonly [string, Fact])[] = [
    ['Queue', { text: count(queue.at(-1)?.length ?? status.queuedEntries ?? 0, 'change') }],
    ['Gate', gateFact(status, failures, now)],
    ['Token', tokenFact(token, now)],
    ['Requests', { text: `${attempts}` }],
    ['Applied', { text: `${applied}` }],
    ['Rejected', { text: `${rejected}` }],
  ];
  return (
    <dl className="ui-facts">
      {facts.map(([name, { text, more }]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {text}
            {more && <small>{more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
