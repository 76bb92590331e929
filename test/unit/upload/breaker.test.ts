import { describe, expect, it } from 'vitest';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import { type Breaker, createBreaker, isCertain } from '../../../src/upload/breaker.ts';
import type { Failed } from '../../../src/upload/item.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

const CONFIRMATION = { attempts: 6, minMs: 600_000 };
const atOnce = (tries: number) => ({ attempts: tries, minMs: 0 });

/** Refusals that are believed, uncertain ones unless told; tells which of them opened it. */
async function refuse(breaker: Breaker, database: FakeQueue, times: number, certain = false) {
  const opened: boolean[] = [];
  for (let i = 0; i < times; i++) opened.push(await breaker.refused(database, certain));
  return opened;
}

async function succeed(breaker: Breaker, database: FakeQueue, times: number) {
  for (let i = 0; i < times; i++) await breaker.succeeded(database);
}

/** A breaker, and a database on which this was refused. */
async function afterRefusals(refusals: number, database = new FakeQueue()) {
  const breaker = createBreaker();
  await refuse(breaker, database, refusals);
  return { breaker, database };
}

describe('the breaker', () => {
  it('is closed at first, and the first refusal is believed at once', async () => {
    const { breaker, database } = await afterRefusals(0);
    expect(await breaker.isOpen(database)).toBe(false);
    expect(await breaker.budget(database, false)).toEqual(atOnce(1));
  });

  it('asks for more tries at once after each refusal, and for time once it is open', async () => {
    const { breaker, database } = await afterRefusals(0);
    const budgets = [];
    for (let i = 0; i < 4; i++) {
      budgets.push(await breaker.budget(database, false));
      await breaker.refused(database, false);
    }
    expect(budgets).toEqual([atOnce(1), atOnce(3), atOnce(5), CONFIRMATION]);
  });

  it('opens with the third refusal, and says so once', async () => {
    const { breaker, database } = await afterRefusals(0);
    expect(await refuse(breaker, database, 2)).toEqual([false, false]);
    expect(await breaker.isOpen(database)).toBe(false);
    expect(await refuse(breaker, database, 2)).toEqual([true, false]);
    expect(await breaker.isOpen(database)).toBe(true);
  });

  it('forgets a third of a refusal with each success', async () => {
    const { breaker, database } = await afterRefusals(2);
    await succeed(breaker, database, 2);
    expect(await breaker.budget(database, false)).toEqual(atOnce(5));
    await succeed(breaker, database, 1);
    expect(await breaker.budget(database, false)).toEqual(atOnce(3));
    await succeed(breaker, database, 3);
    expect(await breaker.budget(database, false)).toEqual(atOnce(1));
  });

  it('keeps no credit: after a hundred successes the third refusal opens it all the same', async () => {
    const { breaker, database } = await afterRefusals(0);
    await succeed(breaker, database, 100);
    expect(await refuse(breaker, database, 3)).toEqual([false, false, true]);
  });

  it('closes after ten successes, however many were refused before', async () => {
    const { breaker, database } = await afterRefusals(50);
    await succeed(breaker, database, 9);
    expect(await breaker.isOpen(database)).toBe(true);
    await succeed(breaker, database, 1);
    expect(await breaker.isOpen(database)).toBe(false);
  });

  it('closes with the first success where it has only just opened, and goes on asking for tries at once', async () => {
    const { breaker, database } = await afterRefusals(3);
    await succeed(breaker, database, 1);
    expect(await breaker.isOpen(database)).toBe(false);
    expect(await breaker.budget(database, false)).toEqual(atOnce(7));
  });

  it('believes certain refusals at once while it is closed', async () => {
    const { breaker, database } = await afterRefusals(2);
    expect(await breaker.budget(database, true)).toEqual(atOnce(1));
  });

  it('has certain refusals confirmed too while it is open', async () => {
    const { breaker, database } = await afterRefusals(3);
    expect(await breaker.budget(database, true)).toEqual(CONFIRMATION);
  });

  it('opens after five certain refusals in a row: nothing but them is a sign of the server', async () => {
    const { breaker, database } = await afterRefusals(0);
    expect((await refuse(breaker, database, 4, true)).some(Boolean)).toBe(false);
    expect(await refuse(breaker, database, 1, true)).toEqual([true]);
  });

  it('opens as far as it goes when something is applied that was refused before', async () => {
    const { breaker, database } = await afterRefusals(0);
    expect(await breaker.contradicted(database)).toBe(true);
    await succeed(breaker, database, 9);
    expect(await breaker.isOpen(database)).toBe(true);
    expect(await breaker.contradicted(database)).toBe(false);
    await succeed(breaker, database, 9);
    expect(await breaker.isOpen(database)).toBe(true);
    await succeed(breaker, database, 1);
    expect(await breaker.isOpen(database)).toBe(false);
  });

  it('is closed by the app, without a trace of what was', async () => {
    const { breaker, database } = await afterRefusals(10);
    await breaker.reset(database);
    expect(await breaker.isOpen(database)).toBe(false);
    expect(await createBreaker().budget(database.reopened(), false)).toEqual(atOnce(1));
  });

  it('writes nothing down where nothing changes', async () => {
    const { breaker, database } = await afterRefusals(0);
    await breaker.reset(database);
    expect(database.statements.filter((sql) => !sql.startsWith('SELECT'))).toEqual([]);
    await refuse(breaker, database, 6);
    const before = database.statements.filter((sql) => sql.startsWith('INSERT')).length;
    await refuse(breaker, database, 1);
    expect(database.statements.filter((sql) => sql.startsWith('INSERT'))).toHaveLength(before);
  });

  it('knows whether the last that was heard of the backend was good, of each database', async () => {
    const { breaker, database } = await afterRefusals(0);
    expect(breaker.isWell(database)).toBe(false);
    await breaker.succeeded(database);
    expect(breaker.isWell(database)).toBe(true);
    await breaker.budget(database, false);
    expect(breaker.isWell(database)).toBe(false);
    await breaker.contradicted(database);
    expect(breaker.isWell(database)).toBe(true);
    expect(breaker.isWell(new FakeQueue())).toBe(false);
  });

  it('is closed by the app, though another tab has opened it', async () => {
    const { breaker, database } = await afterRefusals(0);
    expect(await breaker.isOpen(database)).toBe(false);
    await afterRefusals(3, database.reopened());
    await breaker.reset(database);
    expect(await createBreaker().isOpen(database.reopened())).toBe(false);
  });

  it('stays open over a restart, since apps restart during an outage', async () => {
    const { database } = await afterRefusals(3);
    expect(await createBreaker().isOpen(database.reopened())).toBe(true);
  });

  it('goes on counting after a restart', async () => {
    const { database } = await afterRefusals(2);
    expect(await createBreaker().refused(database.reopened(), false)).toBe(true);
  });

  it('takes successes over a restart', async () => {
    const { breaker, database } = await afterRefusals(3);
    await succeed(breaker, database, 1);
    expect(await createBreaker().isOpen(database.reopened())).toBe(false);
  });

  it('counts each database for itself', async () => {
    const { breaker } = await afterRefusals(3, new FakeQueue('one'));
    expect(await breaker.isOpen(new FakeQueue('other'))).toBe(false);
  });

  it('writes nothing for a success without a doubt: that is every batch of every app', async () => {
    const { breaker, database } = await afterRefusals(0);
    await breaker.succeeded(database);
    const before = database.statements.length;
    await succeed(breaker, database, 100);
    expect(database.statements.length).toBe(before);
  });

  it('asks the database once only, until something is refused: that is every batch of every app', async () => {
    const { breaker, database } = await afterRefusals(0);
    await breaker.isOpen(database);
    const before = database.statements.length;
    for (let i = 0; i < 100; i++) await breaker.isOpen(database);
    expect(database.statements.length).toBe(before);
    await breaker.budget(database, false);
    expect(database.statements.length).toBeGreaterThan(before);
  });

  it('hears of the refusals of another tab before a rejection', async () => {
    const { breaker: own, database } = await afterRefusals(0);
    expect(await own.isOpen(database)).toBe(false);
    await afterRefusals(3, database.reopened());
    expect(await own.isOpen(database)).toBe(false);
    expect(await own.budget(database, false)).toEqual(CONFIRMATION);
    expect(await own.isOpen(database)).toBe(true);
    await afterRefusals(0, database.reopened()).then(({ breaker }) => breaker.reset(database.reopened()));
    expect(await own.budget(database, false)).toEqual({ attempts: 1, minMs: 0 });
    expect(await own.isOpen(database)).toBe(false);
  });

  it('goes on counting from what another tab has counted', async () => {
    const { breaker: own, database } = await afterRefusals(1);
    await afterRefusals(1, database.reopened());
    expect(await own.refused(database, false)).toBe(true);
  });

  it('does not fail an upload that succeeded where its table cannot be read', async () => {
    const { database } = await afterRefusals(3);
    const [breaker, reopened] = [createBreaker(), database.reopened()];
    reopened.broken = /connector_/;
    await expect(breaker.succeeded(reopened)).resolves.toBeUndefined();
    expect(await breaker.isOpen(reopened)).toBe(false);
    reopened.broken = undefined;
    expect(await breaker.isOpen(reopened)).toBe(true);
  });

  it('believes nothing where its table cannot be read: there is no telling how open it is', async () => {
    const { breaker, database } = await afterRefusals(1);
    database.broken = /connector_/;
    await expect(breaker.budget(database, true)).rejects.toThrow('database is locked');
  });

  it('does not fail an upload that succeeded where its table cannot be written, and takes it down later', async () => {
    const { breaker, database } = await afterRefusals(3);
    database.broken = /INSERT/;
    await expect(breaker.succeeded(database)).resolves.toBeUndefined();
    expect(await breaker.isOpen(database)).toBe(false);
    database.broken = undefined;
    expect(await createBreaker().isOpen(database.reopened())).toBe(true);
    await breaker.succeeded(database);
    expect(await createBreaker().isOpen(database.reopened())).toBe(false);
  });

  it('knows of a refusal until the app ends where its table cannot be written: what was decided stays decided', async () => {
    const { breaker, database } = await afterRefusals(2);
    database.broken = /INSERT/;
    expect(await breaker.refused(database, false)).toBe(true);
    expect(await breaker.isOpen(database)).toBe(true);
  });

  it('counts a refusal where its table cannot be read, on from what it knows', async () => {
    const { breaker, database } = await afterRefusals(2);
    database.broken = /connector_/;
    expect(await breaker.refused(database, false)).toBe(true);
    expect(await createBreaker().contradicted(database)).toBe(true);
  });
});

describe('a certain refusal', () => {
  const failed = (code: UploadErrorCode, members: Partial<Failed> = {}): Failed => ({
    status: 'failed',
    error: new UploadError(code, 'No.'),
    verdict: 'reject',
    inBand: true,
    ...members,
  });

  it.each<UploadErrorCode>(['invalid', 'not_found', 'conflict', 'too_large'])(
    'is one of this write, for its data: %s',
    (code) => {
      expect(isCertain(failed(code))).toBe(true);
      expect(isCertain(failed(code, { inBand: false }))).toBe(false);
      expect(isCertain(failed(code, { verdict: 'ambiguous' }))).toBe(false);
    },
  );

  it.each<UploadErrorCode>(['forbidden', 'unclassified', 'unknown', 'misconfigured', 'unavailable'])(
    'is not one that a server in trouble gives to everything: %s',
    (code) => {
      expect(isCertain(failed(code))).toBe(false);
    },
  );
});
