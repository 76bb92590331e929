import type { UploadRequest } from './upload-record.ts';
import { count, outcomeOf } from './words.ts';

const MOST = 50;

/** The latest requests, newest first. */
export function RequestTable({ requests }: { requests: readonly UploadRequest[] }) {
  if (requests.length === 0) return <p className="ui-none">No requests yet. Write something.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it.
    <section className="ui-requests" aria-label="Requests" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">At</th>
            <th scope="col">Sent</th>
            <th scope="col">Try</th>
            <th scope="col">Took</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {requests
            .slice(-MOST)
            .reverse()
            .map((request) => (
              <Row key={request.id} request={request} />
            ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ request }: { request: UploadRequest }) {
  const { startedAt, transactions, entries, attempt, durationMs } = request;
  const { text, more, tone } = outcomeOf(request);
  return (
    <tr>
      <td>{new Date(startedAt).toLocaleTimeString(undefined, { hour12: false })}</td>
      <td title={`${count(transactions, 'transaction')}, ${count(entries, 'change')}`}>
        {transactions === entries
          ? count(entries, 'change')
          : `${count(entries, 'change')} in ${transactions}`}
      </td>
      <td>{attempt}</td>
      <td>{durationMs === undefined ? '…' : `${durationMs} ms`}</td>
      <td>
        <span className="ui-outcome" data-tone={tone}>
          {text}
        </span>
        {more && <small>{more}</small>}
      </td>
    </tr>
  );
}
