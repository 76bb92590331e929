import { describe, expect, it } from 'vitest';
import { createBreaker, MAX_REFUSALS } from '../../../src/settle/breaker.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

async function refuse(breaker: ReturnType<typeof createBreaker>, database: FakeQueue, times = MAX_REFUSALS) {
  const opened: boolean[] = [];
  for (let i = 0; i < times; i++) opened.push(await breaker.count(database, false));
  return opened;
}

describe('the breaker', () => {
  it('believes three refusals in a row', () => {
    expect(MAX_REFUSALS).toBe(3);
  });

  it('is closed at first', async () => {
    expect(await createBreaker().isClosed(new FakeQueue())).toBe(true);
  });

  it('opens with the third refusal in a row, and says so once', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    expect(await refuse(breaker, database, 2)).toEqual([false, false]);
    expect(await breaker.isClosed(database)).toBe(true);
    expect(await refuse(breaker, database, 2)).toEqual([true, false]);
    expect(await breaker.isClosed(database)).toBe(false);
  });

  it('counts anew after a success between', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    await refuse(breaker, database, 2);
    expect(await breaker.count(database, true)).toBe(false);
    expect(await refuse(breaker, database, 2)).toEqual([false, false]);
    expect(await breaker.isClosed(database)).toBe(true);
  });

  it('closes with a success', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    await refuse(breaker, database);
    await breaker.count(database, true);
    expect(await breaker.isClosed(database)).toBe(true);
  });

  it('stays open over a restart, since apps restart during an outage', async () => {
    const database = new FakeQueue();
    await refuse(createBreaker(), database);
    expect(await createBreaker().isClosed(database.reopened())).toBe(false);
  });

  it('goes on counting after a restart', async () => {
    const database = new FakeQueue();
    await refuse(createBreaker(), database, 2);
    expect(await createBreaker().count(database.reopened(), false)).toBe(true);
  });

  it('stays closed over a restart after a success', async () => {
    const database = new FakeQueue();
    const breaker = createBreaker();
    await refuse(breaker, database);
    await breaker.count(database, true);
    expect(await createBreaker().isClosed(database.reopened())).toBe(true);
  });

  it('counts each database for itself', async () => {
    const [breaker, one, other] = [createBreaker(), new FakeQueue('one'), new FakeQueue('other')];
    await refuse(breaker, one);
    expect(await breaker.isClosed(other)).toBe(true);
  });

  it('writes nothing for a success after a success: that is every batch of every app', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    await breaker.count(database, true);
    const before = database.statements.length;
    for (let i = 0; i < 100; i++) await breaker.count(database, true);
    expect(database.statements.length).toBe(before);
  });

  it('does not fail an upload that succeeded where its table cannot be read', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    database.broken = /connector_/;
    expect(await breaker.count(database, true)).toBe(false);
    expect(await breaker.isClosed(database)).toBe(true);
  });

  it('reads its table again once that can be read', async () => {
    const database = new FakeQueue();
    await refuse(createBreaker(), database);
    const [breaker, reopened] = [createBreaker(), database.reopened()];
    reopened.broken = /connector_/;
    await breaker.isClosed(reopened);
    reopened.broken = undefined;
    expect(await breaker.isClosed(reopened)).toBe(false);
  });

  it('does not fail an upload that succeeded where its table cannot be written', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    await refuse(breaker, database, 1);
    database.broken = /INSERT/;
    await expect(breaker.count(database, true)).resolves.toBe(false);
  });

  it('writes down a success once the table can be written again, so that a restart finds it', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    await refuse(breaker, database);
    database.broken = /INSERT/;
    await breaker.count(database, true).catch(() => {});
    database.broken = undefined;
    await breaker.count(database, true);
    expect(await createBreaker().isClosed(database.reopened())).toBe(true);
  });

  it('hears of the refusals of another tab when it is asked afresh, before a rejection', async () => {
    const [own, other, database] = [createBreaker(), createBreaker(), new FakeQueue()];
    expect(await own.isClosed(database)).toBe(true);
    await refuse(other, database.reopened());
    expect(await own.isClosed(database)).toBe(true);
    expect(await own.isClosed(database, true)).toBe(false);
    expect(await own.isClosed(database)).toBe(false);
  });

  it('goes on counting from what another tab has counted', async () => {
    const [own, other, database] = [createBreaker(), createBreaker(), new FakeQueue()];
    await refuse(own, database, 1);
    await refuse(other, database.reopened(), 1);
    expect(await own.count(database, false)).toBe(true);
  });

  it('asks the database once only, unless it is asked afresh: that is every batch of every app', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    await breaker.isClosed(database);
    const before = database.statements.length;
    for (let i = 0; i < 100; i++) await breaker.isClosed(database);
    expect(database.statements.length).toBe(before);
    await breaker.isClosed(database, true);
    expect(database.statements.length).toBe(before + 1);
  });

  it('does not count a refusal that it could not write down, and says so: the transaction then stays', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    await refuse(breaker, database, 2);
    database.broken = /INSERT/;
    await expect(breaker.count(database, false)).rejects.toThrow('database is locked');
    expect(await breaker.isClosed(database)).toBe(true);
    database.broken = undefined;
    expect(await breaker.count(database, false)).toBe(true);
  });

  it('stays open where the success could not be written down, until one can', async () => {
    const [breaker, database] = [createBreaker(), new FakeQueue()];
    await refuse(breaker, database);
    database.broken = /INSERT/;
    await breaker.count(database, true);
    expect(await breaker.isClosed(database)).toBe(false);
    database.broken = undefined;
    await breaker.count(database, true);
    expect(await breaker.isClosed(database)).toBe(true);
  });
});
