// Makes a span for each call of the transport, and sends its `traceparent` with the request, so that the backend's
// spans belong to it.

import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { UploadEvent } from 'powersync-backend-connector';

/** Give `headers` to `writeApi()`, and `onEvent` to `connector.subscribe()`. */
export function traceUploads(tracer = trace.getTracer('powersync-backend-connector')) {
  const open = new Map<string, Span>(); // by the key of the first transaction
  let latest: Span | undefined;

  function onEvent(event: UploadEvent): void {
    if (event.type === 'attempt') {
      latest = tracer.startSpan('powersync.upload', {
        kind: SpanKind.CLIENT,
        attributes: {
          'powersync.upload.key': event.key,
          'powersync.upload.transactions': event.transactions,
          'powersync.upload.entries': event.entries,
          'powersync.upload.attempt': event.attempt,
        },
      });
      open.set(event.key, latest);
    } else if (event.type === 'answer') {
      const span = open.get(event.key);
      open.delete(event.key);
      if (event.code) {
        span?.setAttribute('error.type', event.code);
        span?.setStatus({ code: SpanStatusCode.ERROR, message: event.code });
      }
      span?.end();
    }
  }

  /** `writeApi()` calls this right after the event, so it is for the request of the latest span. */
  function headers(): Record<string, string> {
    const carrier: Record<string, string> = {};
    if (latest) propagation.inject(trace.setSpan(context.active(), latest), carrier);
    return carrier;
  }

  return { onEvent, headers };
}
