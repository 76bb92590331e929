import { fakeClock } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, queued } from '../support/connector.ts';
import { httpConnector, names, recorded, recordedNames, thrownBy } from './queue.ts';
import {
  applyAll,
  everythingIn,
  refusal,
  refusing,
  respondApplied,
  serveWriteApi,
  startServer,
} from './support.ts';

let client: TestClient;

beforeEach(async () => {
  client = await openClient();
});
afterEach(() => closeClient(client));

describe('a backend that refuses whole requests', () => {
  const api = serveWriteApi();
  const all = names('row', 50);

  it.each([0, 1, 24, 25, 48, 49])(
    'one bad transaction among 50, at %d: exactly that one is rejected',
    async (index) => {
      const bad = all[index] ?? '';
      await addTodos(client, ...all);
      api.answers(refusing([bad]));
      const { connector } = httpConnector();
      await connector.uploadData(client.db);
      expect(await recorded(client)).toMatchObject([{ name: bad, code: 'invalid', status: 400 }]);
      expect(await queued(client)).toEqual([]);
      const applied = api.requests.map((request) => request.names).filter((each) => !each.includes(bad));
      expect(applied.flat()).toEqual(all.filter((name) => name !== bad));
    },
  );

  it('halving is cheap: 50 transactions take a dozen requests, not 50', async () => {
    await addTodos(client, ...all);
    api.answers(refusing(['row31']));
    await httpConnector().connector.uploadData(client.db);
    expect(api.requests.length).toBeLessThanOrEqual(13);
  });

  it('an outage in the middle of the halving keeps what is left, in order', async () => {
    await addTodos(client, ...all);
    api.answers((request) =>
      request.names.includes('row40') && !request.names.includes('row05')
        ? refusal(503)
        : refusing(['row05'])(request),
    );
    const { connector } = httpConnector();
    expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({ code: 'unavailable' });
    expect(await recordedNames(client)).toEqual(['row05']);
    expect(await queued(client)).toEqual(all.slice(25));
  });

  it('413: requests shrink, and only the transaction that is too large alone is rejected', async () => {
    await addTodos(client, ...all.slice(0, 20));
    api.answers((request) =>
      request.names.length > 4 || request.names.includes('row07') ? refusal(413) : applyAll(request),
    );
    await httpConnector().connector.drain(client.db);
    expect(await recorded(client)).toMatchObject([{ name: 'row07', code: 'too_large' }]);
    expect(await queued(client)).toEqual([]);
  });

  it('where the halving takes longer than a call may, the next calls make headway instead of repeating it', async () => {
    await addTodos(client, ...all.slice(0, 8));
    api.answers((request) => {
      if (request.names.includes('row00')) return refusal(400);
      return request.names.includes('row07') ? new Promise<never>(() => {}) : applyAll(request);
    });
    const clock = fakeClock();
    const { connector } = httpConnector({ clock, retry: { timeoutMs: 1_000 } });
    for (let calls = 0; calls < 6; calls++) {
      await connector
        .uploadData(client.db)
        .catch((error) => expect(error).toMatchObject({ code: 'timeout' }));
      clock.advance(3_600_000);
    }
    expect(await recordedNames(client)).toEqual(['row00']);
    expect(await queued(client)).toEqual(['row07']);
  });
});

describe('a deployment that refuses everything', () => {
  const api = serveWriteApi();
  const all = names('row', 20);

  it.each([400, 403, 422])(
    '%d: three are rejected, then no more than five in an hour; the rest is kept, loudly',
    async (status) => {
      await addTodos(client, ...all);
      api.answers(refusal(status));
      const clock = fakeClock();
      const { connector, events } = httpConnector({ clock });
      const error = await thrownBy(connector.uploadData(client.db));
      expect(error).toMatchObject({ code: 'misconfigured', cause: { status } });
      expect(await recordedNames(client)).toEqual(all.slice(0, 3));
      for (let calls = 0; calls < 720; calls++) {
        clock.advance(5_000);
        await connector.uploadData(client.db).catch(() => {});
      }
      expect(await recordedNames(client)).toEqual(all.slice(0, 8));
      expect(await queued(client)).toEqual(all.slice(8));
      expect(connector.status).toMatchObject({
        phase: 'waiting',
        breaker: 'open',
        lastError: { code: 'misconfigured' },
      });
      expect(events.filter(({ type }) => type === 'breaker')).toHaveLength(1);
    },
  );

  it('is not hammered: it is told apart within a few requests, and then asked once a try', async () => {
    await addTodos(client, ...names('row', 50));
    api.answers(refusal(400));
    const clock = fakeClock();
    const { connector } = httpConnector({ clock });
    await thrownBy(connector.uploadData(client.db));
    expect(api.requests.length).toBeLessThanOrEqual(20);
    api.requests.length = 0;
    for (let calls = 0; calls < 5; calls++) {
      clock.advance(3_600_000);
      await connector.uploadData(client.db).catch(() => {});
    }
    expect(api.requests.length).toBeLessThanOrEqual(10);
  });

  it('after it is fixed, the queue goes out without anybody’s help', async () => {
    await addTodos(client, ...all);
    api.answers(refusal(422));
    const clock = fakeClock();
    const { connector } = httpConnector({ clock });
    await thrownBy(connector.uploadData(client.db));
    api.answers(applyAll);
    clock.advance(3_600_000);
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, applied: 17, rejected: 0 });
    expect(connector.status.phase).toBe('idle');
  });

  it('after it is fixed, and enough was applied, refusals are believed anew', async () => {
    await addTodos(client, ...all);
    api.answers(refusal(400));
    const clock = fakeClock();
    const { connector } = httpConnector({ clock });
    await connector.drain(client.db);
    api.answers(refusing(['row15', 'row19']));
    for (let calls = 0; calls < 300; calls++) {
      clock.advance(5_000);
      await connector.uploadData(client.db).catch(() => {});
    }
    expect(await queued(client)).toEqual([]);
    expect(await recordedNames(client)).toEqual(['row00', 'row01', 'row02', 'row15', 'row19']);
  });

  it('resetBreaker(): the app says that the writes are at fault; three more are believed, at once', async () => {
    await addTodos(client, ...all);
    api.answers(refusal(400));
    const { connector } = httpConnector({ clock: fakeClock() });
    await thrownBy(connector.uploadData(client.db));
    await connector.resetBreaker(client.db);
    await thrownBy(connector.uploadData(client.db));
    expect(await recordedNames(client)).toEqual(all.slice(0, 6));
  });

  it('is remembered after a restart', async () => {
    await addTodos(client, ...all);
    api.answers(refusal(400));
    await httpConnector().connector.drain(client.db);
    await closeClient(client, { keepFiles: true });
    client = await openClient({ folder: client.folder, name: client.name });
    const { connector } = httpConnector();
    await connector.drain(client.db);
    expect(await recordedNames(client)).toEqual(all.slice(0, 3));
  });

  it('is not mistaken for a working one because a transform left transactions out', async () => {
    await addTodos(client, ...all);
    api.answers(refusal(400));
    const { connector } = httpConnector({
      transform: (entries) => entries.filter(({ opData }) => Number(opData?.description.slice(3)) % 2 === 0),
    });
    await connector.drain(client.db);
    await connector.drain(client.db);
    expect(await recordedNames(client)).toEqual(['row00', 'row02', 'row04']);
  });
});

describe('a real server', () => {
  it('ends the connection when a body is above its limit: requests shrink until they get through', async () => {
    const LIMIT = 20_000;
    const server = await startServer(respondApplied, {
      beforeBody(request) {
        const isTooMuch = Number(request.headers['content-length']) > LIMIT;
        if (isTooMuch) request.socket.destroy();
        return isTooMuch;
      },
    });
    const all = names('row', 30).map((name) => name + 'x'.repeat(4_000));
    await addTodos(client, ...all);
    const clock = fakeClock();
    const { connector } = httpConnector({ url: server.url, clock });
    let failures = 0;
    while ((await queued(client)).length > 0 && failures < 12) {
      await connector.uploadData(client.db).catch((error) => {
        expect(error).toMatchObject({ code: 'network' });
        failures++;
      });
      clock.advance(300_000);
    }
    expect(await queued(client)).toEqual([]);
    expect(await recorded(client)).toEqual([]);
    const arrived = server.requests.flatMap(({ body }) => JSON.parse(body).transactions);
    expect(arrived.map(({ crud }) => crud[0].op_data.description)).toEqual(all);
  });

  it('is away for a while: everything is kept, and goes out when it is back', async () => {
    const all = names('row', 10);
    await addTodos(client, ...all);
    const server = await startServer(respondApplied);
    await server.close();
    const clock = fakeClock();
    const { connector } = httpConnector({ url: server.url, clock });
    const error = await thrownBy(connector.uploadData(client.db));
    expect(error).toMatchObject({ code: 'network' });
    expect(await queued(client)).toEqual(all);
  });

  it('leaves no token in the error that the SDK would log', async () => {
    await addTodos(client, 'a');
    const server = await startServer((response) => response.destroy());
    const { connector } = httpConnector({
      url: server.url,
      credentials: async () => ({ token: 'SECRET-TOKEN' }),
    });
    expect(everythingIn(await thrownBy(connector.uploadData(client.db)))).not.toContain('SECRET-TOKEN');
  });

  it('never answers: the upload ends at its deadline', async () => {
    await addTodos(client, 'a');
    const server = await startServer(() => {});
    const { connector } = httpConnector({ url: server.url, retry: { timeoutMs: 100 } });
    expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({ code: 'timeout' });
    expect(await queued(client)).toEqual(['a']);
  });

  it('never answers: close() ends the upload at once', async () => {
    await addTodos(client, 'a');
    let close = () => {};
    const server = await startServer(() => close());
    const { connector } = httpConnector({ url: server.url });
    close = () => connector.close();
    expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({ code: 'aborted' });
    expect(await queued(client)).toEqual(['a']);
  });

  it('applies a batch and loses the answer: it gets the same keys again', async () => {
    await addTodos(client, 'a', 'b');
    let isFirst = true;
    const server = await startServer((response, request) => {
      if (isFirst) response.destroy();
      else respondApplied(response, request);
      isFirst = false;
    });
    const { connector } = httpConnector({ url: server.url });
    await connector.drain(client.db);
    await connector.drain(client.db);
    expect(server.requests[1]?.body).toBe(server.requests[0]?.body);
    expect(await queued(client)).toEqual([]);
  });
});
