import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PowerSyncDatabase } from '@powersync/node';
import { fakeClock } from 'powersync-backend-connector/testing';
import { expect, it } from 'vitest';
import type { TestClient } from '../support/client.ts';
import { connectorTo, errorOf, type Servers, soon } from './servers.ts';
import { expectDelivered, expectNothingLost, recorded, writeWorkload } from './workload.ts';

/** SQLite is busy, full or broken for a while. */
export function sqliteFails(servers: Servers): void {
  /** Makes calls fail that `matches` names, `times` times. Returns how many did. */
  type Break = (client: TestClient, times: number) => () => number;

  const busy = () => Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 });

  function breakMethod(
    method: 'getClientId' | 'getCrudBatch' | 'getUploadQueueStats' | 'execute' | 'getAll',
    matches: (...args: unknown[]) => boolean = () => true,
  ): Break {
    return ({ db }, times) => {
      let failed = 0;
      const work = db[method].bind(db) as (...args: unknown[]) => Promise<unknown>;
      const broken = async (...args: unknown[]) => {
        if (!matches(...args) || failed >= times) return work(...args);
        failed++;
        throw busy();
      };
      Object.assign(db, { [method]: broken });
      return () => failed;
    };
  }

  /** The read that looks at the head again after the batch was sent. */
  const breakSecondRead: Break = (client, times) => {
    let reads = 0;
    return breakMethod('getCrudBatch', () => ++reads % 2 === 0)(client, times);
  };

  const breakComplete: Break = ({ db }, times) => {
    let failed = 0;
    const read = db.getCrudBatch.bind(db);
    db.getCrudBatch = async (limit) => {
      const handle = await read(limit);
      if (!handle) return null;
      const complete = handle.complete.bind(handle);
      return Object.assign(handle, {
        complete: async () => {
          if (failed >= times) return complete();
          failed++;
          throw busy();
        },
      });
    };
    return () => failed;
  };

  /** Written no more than twice here: what was recorded isn't refused anew. So any failure counts as all. */
  const breakState: Break = (client, times) => {
    const failures = breakMethod('execute', sql(/INTO connector_state/))(client, times);
    return () => (failures() > 0 ? times : 0);
  };

  const sql = (pattern: RegExp) => (statement: unknown) => pattern.test(String(statement));
  const MUST_TELL = [
    ['getClientId()', breakMethod('getClientId')],
    ['the read of the queue', breakMethod('getCrudBatch')],
    ['complete()', breakComplete],
    ['the record of a rejected write', breakMethod('execute', sql(/INTO connector_rejected/))],
  ] as const;
  const MAY_COPE = [
    ['making the table of rejected writes', breakMethod('execute', sql(/CREATE TABLE.*connector_rejected/s))],
    ['the read before completing', breakSecondRead],
    ['the state that is kept', breakState],
    ['reading the state that is kept', breakMethod('getAll', sql(/FROM connector_state/))],
  ] as const;
  const cases = [
    ...MUST_TELL.map(([name, fault]) => ({ name, fault, mustTell: true })),
    ...MAY_COPE.map(([name, fault]) => ({ name, fault, mustTell: false })),
  ].flatMap((each) => [1, 4].map((times) => ({ ...each, times })));

  it.each(cases)('in $name, $times times in a row', async ({ name, fault, mustTell, times }) => {
    const isNew = name.startsWith('making'); // Tables are made once per opened database.
    const client = isNew ? await servers.open() : await servers.client();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    const clock = fakeClock();
    const { connector } = connectorTo(servers, client, { user, clock });
    const failures = fault(client, times);

    let errors = 0;
    for (let round = 0; round < 40 && (await client.db.getNextCrudTransaction()); round++) {
      const error = await errorOf(soon(connector.uploadData(client.db)));
      await expectNothingLost(client, servers.backend, workload);
      if (!error) continue;
      errors++;
      expect(error).toMatchObject({ name: 'UploadError', code: 'unknown' });
      expect(error.message).toMatch(/queued|held/);
      expect(error.cause).toMatchObject({ message: 'database is locked' });
      expect(connector.status).toMatchObject({ lastError: error });
      expect(await errorOf(connector.uploadData(client.db))).toBe(error); // at the gate
      clock.advance(301_000);
    }
    expect(failures()).toBe(times);
    expect(errors).toBeLessThanOrEqual(times);
    if (mustTell) expect(errors).toBe(times);
    await expectDelivered(client, servers.backend, workload);
    expect(connector.status).toMatchObject({ lastError: undefined, stalledSince: undefined });
  });

  it('in the count of the queue: the report of a drain still comes, and the next one goes on', async () => {
    const client = await servers.client();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    const { connector } = connectorTo(servers, client, { user });
    const stats = client.db.getUploadQueueStats.bind(client.db);
    client.db.getUploadQueueStats = () => Promise.reject(busy());
    for (let round = 0; round < 3; round++) {
      const report = await soon(connector.drain(client.db));
      expect(report.drained || report.error?.name === 'UploadError').toBe(true);
      await expectNothingLost(client, servers.backend, workload);
    }
    client.db.getUploadQueueStats = stats;
    expect(await connector.drain(client.db)).toMatchObject({ drained: true });
    await expectDelivered(client, servers.backend, workload);
  });

  it('because somebody else is writing: everything can be read, but nothing written for a moment', async () => {
    const client = await servers.open();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    const other = new DatabaseSync(join(client.folder, client.name));
    other.exec('BEGIN IMMEDIATE');
    const startedAt = Date.now();
    setTimeout(() => {
      other.exec('COMMIT');
      other.close();
    }, 300);
    const { connector } = connectorTo(servers, client, { user });
    while (!(await soon(connector.drain(client.db))).drained) {
      await expectNothingLost(client, servers.backend, workload);
      expect(Date.now() - startedAt).toBeLessThan(30_000);
    }
    expect(Date.now() - startedAt).toBeGreaterThan(200);
    await expectDelivered(client, servers.backend, workload);
  });

  it('in every statement: nothing that was rejected leaves without its record', async () => {
    const client = await servers.open();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    const execute = client.db.execute.bind(client.db);
    client.db.execute = () => Promise.reject(busy());
    const clock = fakeClock();
    const { connector } = connectorTo(servers, client, { user, clock });
    for (let round = 0; round < 5; round++) {
      expect(await soon(connector.drain(client.db))).toMatchObject({ drained: false });
      expect(await recorded(client)).toEqual([]);
      await expectNothingLost(client, servers.backend, workload);
      clock.advance(301_000);
    }
    expect(['held', 'waiting']).toContain(connector.status.phase);
    client.db.execute = execute as PowerSyncDatabase['execute'];
    expect(await connector.drain(client.db)).toMatchObject({ drained: true });
    await expectDelivered(client, servers.backend, workload);
  });
}
