import { readFileSync } from 'node:fs';
import { propagation, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { writeApi } from 'powersync-backend-connector/http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { traceUploads } from '../../examples/open-telemetry/trace-uploads.ts';
import { respond, respondApplied, startServer } from '../http/support.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, testConnector } from '../support/connector.ts';

describe('the OpenTelemetry recipe, with the real SDK', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  let client: TestClient;
  beforeAll(() => {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });
  afterAll(async () => {
    propagation.disable();
    await provider.shutdown();
  });
  beforeEach(async () => {
    client = await openClient();
  });
  afterEach(async () => {
    exporter.reset();
    await closeClient(client);
  });

  function traced(url: string) {
    const tracing = traceUploads(provider.getTracer('test'));
    const { connector, events } = testConnector({ transport: writeApi({ url, headers: tracing.headers }) });
    connector.subscribe(tracing.onEvent);
    return { connector, events };
  }
  const traceparents = (requests: { headers: Record<string, unknown> }[]) =>
    requests.map(({ headers }) => headers.traceparent);
  const spans = () =>
    exporter.getFinishedSpans().map((span) => ({
      ...span.spanContext(),
      attributes: span.attributes,
      status: span.status,
      kind: span.kind,
    }));

  it('makes a span for each call, and the request carries it', async () => {
    const server = await startServer(respondApplied);
    const { connector, events } = traced(server.url);
    await addTodos(client, 'one', 'two');
    await connector.drain(client.db);

    const [span, ...others] = spans();
    expect(others).toEqual([]);
    const attempt = events.find(({ type }) => type === 'attempt');
    expect(attempt).toMatchObject({ key: expect.stringMatching(/:1-1:/) });
    expect(span).toMatchObject({
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'powersync.upload.key': attempt && 'key' in attempt && attempt.key,
        'powersync.upload.transactions': 2,
        'powersync.upload.entries': 2,
        'powersync.upload.attempt': 1,
      },
    });
    expect(traceparents(server.requests)).toEqual([`00-${span?.traceId}-${span?.spanId}-01`]);
  });

  it('a failure sets the status of its span; the next try is another span with its own request', async () => {
    let isDown = true;
    const server = await startServer((response, request) =>
      isDown ? respond(response, 503, { message: 'private words' }) : respondApplied(response, request),
    );
    const { connector } = traced(server.url);
    await addTodos(client, 'secret milk');
    await connector.drain(client.db);
    isDown = false;
    await connector.drain(client.db);

    const [failed, applied, ...others] = spans();
    expect(others).toEqual([]);
    expect(failed).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'unavailable' },
      attributes: { 'error.type': 'unavailable', 'powersync.upload.attempt': 1 },
    });
    expect(applied).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'powersync.upload.attempt': 2 },
    });
    expect(traceparents(server.requests)).toEqual([
      `00-${failed?.traceId}-${failed?.spanId}-01`,
      `00-${applied?.traceId}-${applied?.spanId}-01`,
    ]);
    expect(JSON.stringify([failed, applied])).not.toMatch(/secret milk|private words|"token"/);
  });

  it('the halves of a refused batch have their own spans', async () => {
    const server = await startServer((response, request) =>
      request.body.includes('"milk"') && request.body.includes('"honey"')
        ? respond(response, 413, {})
        : respondApplied(response, request),
    );
    const { connector } = traced(server.url);
    await addTodos(client, 'milk', 'honey');
    await connector.drain(client.db);

    expect(spans().map(({ attributes }) => attributes['error.type'] ?? 'applied')).toEqual([
      'too_large',
      'applied',
      'applied',
    ]);
    const own = spans().map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`);
    expect(traceparents(server.requests)).toEqual(own);
  });

  it('the guide shows exactly this code', () => {
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    const code = read('examples/open-telemetry/trace-uploads.ts').trim();
    expect(read('docs/guide/observability.md')).toContain(`\`\`\`ts\n${code}\n\`\`\``);
  });
});
