import { useId, useSyncExternalStore } from 'react';
import { Facts } from './facts.tsx';
import { QueueChart } from './queue-chart.tsx';
import type { UploadLog } from './record-uploads.ts';
import { RequestTable } from './request-table.tsx';
import './upload-inspector.css';
import { useNow } from './use-now.ts';
import { PHASES } from './words.ts';

/** Shows what a connector is doing and has done. Create the log next to the connector: `recordUploads(connector)`. */
export function UploadInspector({ log }: { log: UploadLog }) {
  const record = useSyncExternalStore(log.subscribe, log.getSnapshot);
  const now = useNow();
  const heading = useId();
  const phase = PHASES[record.status.phase];
  return (
    <section className="upload-inspector" aria-labelledby={heading}>
      <header>
        <h2 id={heading}>Upload inspector</h2>
        <span className="ui-phase" data-tone={phase.tone}>
          {phase.text}
        </span>
      </header>
      <Facts record={record} now={now} />
      <QueueChart queue={record.queue} requests={record.requests} now={now} />
      <RequestTable requests={record.requests} />
    </section>
  );
}
