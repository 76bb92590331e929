import type { QueueSample, UploadRequest } from './upload-record.ts';
import { count, outcomeOf, seconds } from './words.ts';

/** The time axis grows from the shortest to the longest. */
const SHORTEST_MS = 20_000;
const LONGEST_MS = 120_000;
const WIDTH = 600;
const HEIGHT = 72;
const LANE = 18;
/** A request of a few milliseconds must still be visible. */
const NARROWEST = 4;

interface Props {
  readonly queue: readonly QueueSample[];
  readonly requests: readonly UploadRequest[];
  readonly now: number;
}

/** The length of the queue over at most the last two minutes, with the requests below it on the same axis. */
export function QueueChart({ queue, requests, now }: Props) {
  // The clock ticks once a second. Later samples and requests are drawn too.
  const end = Math.max(now, queue.at(-1)?.at ?? 0, requests.at(-1)?.startedAt ?? 0);
  const seen = end - (queue[0]?.at ?? end);
  const span = Math.min(Math.max(seen, SHORTEST_MS), LONGEST_MS);
  const start = end - span;
  const x = (at: number): number => round(((Math.max(at, start) - start) / span) * WIDTH);
  const shown = inSpan(queue, start);
  const most = shown.reduce((top, { length }) => Math.max(top, length), 0);
  const y = (length: number): number => round(HEIGHT - (length / Math.max(most, 1)) * (HEIGHT - 6));
  const last = shown.at(-1)?.length ?? 0;
  const steps = shown.map(({ at, length }, i) => `${i ? 'H' : 'M'}${x(at)}${i ? 'V' : ','}${y(length)}`);
  const line = steps.length ? `${steps.join('')}H${WIDTH}` : `M0,${HEIGHT}H${WIDTH}`;
  const area = `${line}V${HEIGHT}H${x(shown[0]?.at ?? start)}Z`;

  return (
    <figure className="ui-chart">
      <figcaption>
        <span>Queue length</span>
        <span>{most > 0 ? `at most ${count(most, 'change')}` : 'empty'}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT + LANE}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Queue over the last ${seconds(span)}: ${count(last, 'change')} now, at most ${most}`}
      >
        <path className="ui-area" d={area} />
        <path className="ui-line" d={line} vectorEffect="non-scaling-stroke" />
        {requests
          .filter((request) => endOf(request, end) >= start)
          .map((request) => (
            <rect
              key={request.id}
              data-tone={outcomeOf(request).tone}
              x={Math.min(x(request.startedAt), WIDTH - NARROWEST)}
              y={HEIGHT + 6}
              width={Math.max(x(endOf(request, end)) - x(request.startedAt), NARROWEST)}
              height={LANE - 8}
              rx="1.5"
            />
          ))}
      </svg>
      <div className="ui-axis" aria-hidden="true">
        <span>{seconds(span)} ago</span>
        <span>requests</span>
        <span>now</span>
      </div>
    </figure>
  );
}

/** The samples in the span, and the last one before it. */
function inSpan(queue: readonly QueueSample[], start: number): readonly QueueSample[] {
  const first = queue.findLastIndex(({ at }) => at <= start);
  return queue.slice(Math.max(first, 0));
}

function endOf({ startedAt, durationMs }: UploadRequest, now: number): number {
  return durationMs === undefined ? now : startedAt + durationMs;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
