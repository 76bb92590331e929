import { describe, expect, it, vi } from 'vitest';
import { createUnanswered } from '../../../src/queue/unanswered.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

/** A transaction with these op ids. */
const of = (...opIds: number[]) => ({ raw: opIds.map((clientId) => anEntry({ clientId })) });

const written = (database: FakeQueue) => database.statements.filter((sql) => sql.startsWith('INSERT'));
const untilWritten = (database: FakeQueue, times = 1) =>
  vi.waitFor(() => expect(written(database)).toHaveLength(times));

describe('what was sent without an answer', () => {
  it('is nothing at first, and looking writes nothing', async () => {
    const database = new FakeQueue();
    expect(await createUnanswered().includes(database, of(1))).toBe(false);
    expect(written(database)).toEqual([]);
  });

  it('is all that was sent, and nothing behind it', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    unanswered.add(database, [of(3, 4), of(5)]);
    expect(await unanswered.includes(database, of(3, 4))).toBe(true);
    expect(await unanswered.includes(database, of(5))).toBe(true);
    expect(await unanswered.includes(database, of(6))).toBe(false);
  });

  it('is known over a restart', async () => {
    const database = new FakeQueue();
    createUnanswered().add(database, [of(1), of(2)]);
    await untilWritten(database);
    const unanswered = createUnanswered();
    const reopened = database.reopened();
    expect(await unanswered.includes(reopened, of(2))).toBe(true);
    expect(await unanswered.includes(reopened, of(3))).toBe(false);
  });

  it('only grows: op ids are never used again', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    unanswered.add(database, [of(9)]);
    unanswered.add(database, [of(4)]);
    expect(await unanswered.includes(database, of(9))).toBe(true);
    await untilWritten(database);
    expect(await createUnanswered().includes(database.reopened(), of(9))).toBe(true);
  });

  it('is taken back where the answer comes after all', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    const { undo } = unanswered.add(database, [of(1), of(2)]);
    await untilWritten(database);
    await undo();
    expect(await unanswered.includes(database, of(1))).toBe(false);
    expect(await createUnanswered().includes(database.reopened(), of(1))).toBe(false);
  });

  it('is taken back as far as it was before, and not where more was lost since', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    unanswered.add(database, [of(1)]);
    const { undo } = unanswered.add(database, [of(1), of(2)]);
    undo();
    expect(await unanswered.includes(database, of(1))).toBe(true);
    expect(await unanswered.includes(database, of(2))).toBe(false);
    const late = unanswered.add(database, [of(3)]);
    unanswered.add(database, [of(4)]);
    late.undo();
    expect(await unanswered.includes(database, of(3))).toBe(true);
  });

  it('is not taken back by an answer to a retry, of which the first answer is lost', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    unanswered.add(database, [of(1)]);
    unanswered.add(database, [of(1)]).undo();
    expect(await unanswered.includes(database, of(1))).toBe(true);
  });

  it('of an earlier run is not taken back, nor written over', async () => {
    const database = new FakeQueue();
    createUnanswered().add(database, [of(5)]);
    await untilWritten(database);
    const reopened = database.reopened();
    const unanswered = createUnanswered();
    unanswered.add(reopened, [of(5)]).undo();
    unanswered.add(reopened, [of(2)]).undo();
    expect(await unanswered.includes(reopened, of(5))).toBe(true);
    await untilWritten(reopened, 4);
    expect(await createUnanswered().includes(database.reopened(), of(5))).toBe(true);
  });

  it('tells when it is written down, or can not be', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    await unanswered.add(database, [of(1)]).kept;
    expect(written(database)).toHaveLength(1);
    await unanswered.add(database, [of(1)]).kept;
    database.broken = /INSERT/;
    await unanswered.add(database, [of(2)]).kept;
    expect(await unanswered.includes(database, of(2))).toBe(true);
  });

  it('is written once, however often the same is sent: that is each retry', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    for (let time = 0; time < 5; time++) unanswered.add(database, [of(1)]);
    await untilWritten(database);
    unanswered.add(database, [of(2)]);
    await untilWritten(database, 2);
  });

  it('is what another tab has sent, too', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    expect(await unanswered.includes(database, of(1))).toBe(false);
    await createUnanswered().add(database.reopened(), [of(1)]).kept;
    expect(await unanswered.includes(database, of(1))).toBe(true);
  });

  it('is not lost where it is added while it is read', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    const reading = unanswered.includes(database, of(9));
    unanswered.add(database, [of(5)]);
    await reading;
    expect(await unanswered.includes(database, of(5))).toBe(true);
  });

  it('is counted for each database', async () => {
    const [unanswered, one, other] = [createUnanswered(), new FakeQueue('one'), new FakeQueue('other')];
    unanswered.add(one, [of(1)]);
    expect(await unanswered.includes(other, of(1))).toBe(false);
  });

  it('fails no upload where the table is locked, and is known until the app ends', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    database.broken = /connector_/;
    expect(await unanswered.includes(database, of(1))).toBe(false);
    unanswered.add(database, [of(1)]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await unanswered.includes(database, of(1))).toBe(true);
  });

  it('is none of a transaction without entries', async () => {
    const [unanswered, database] = [createUnanswered(), new FakeQueue()];
    unanswered.add(database, []);
    unanswered.add(database, [of()]);
    unanswered.add(database, [of(7)]);
    expect(await unanswered.includes(database, of())).toBe(false);
  });
});
