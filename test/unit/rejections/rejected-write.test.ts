import { describe, expect, it } from 'vitest';
import { firstOpId, type RejectedRow, readRow } from '../../../src/rejections/rejected-write.ts';

const ROW: RejectedRow = {
  key: 'client:3-4:0123456789abcdef',
  state: 'rejected',
  transaction_id: 2,
  entries: '[{"clientId":3,"op":"PUT","table":"lists","id":"a","opData":{"name":"x"}}]',
  entry_index: 0,
  applied_entries: '[1]',
  code: 'conflict',
  status: 409,
  message: '[conflict] Taken.',
  details: '{"why":"taken"}',
  owner: 'ada',
  rejected_at: 1_000,
  told_at: 2_000,
  later_op_ids: '[5,6]',
  may_be_applied: 1,
  needs_decision: 1,
};

describe('readRow()', () => {
  it('reads a row', () => {
    expect(readRow(ROW)).toEqual({
      key: ROW.key,
      state: 'rejected',
      transactionId: 2,
      entries: [{ clientId: 3, op: 'PUT', table: 'lists', id: 'a', opData: { name: 'x' } }],
      entryIndex: 0,
      appliedEntries: [1],
      mayBeApplied: true,
      needsDecision: true,
      code: 'conflict',
      status: 409,
      message: '[conflict] Taken.',
      details: { why: 'taken' },
      owner: 'ada',
      rejectedAt: new Date(1_000),
      notifiedAt: new Date(2_000),
      laterOpIds: [5, 6],
    });
  });

  it('says undefined for what is not known', () => {
    const empty = { transaction_id: null, entry_index: null, status: null, details: null, told_at: null };
    expect(readRow({ ...ROW, ...empty, owner: null })).toMatchObject({
      transactionId: undefined,
      entryIndex: undefined,
      status: undefined,
      details: undefined,
      owner: null,
      notifiedAt: undefined,
    });
  });

  it.each([
    '',
    '{',
    'null',
    '{}',
    '[1]',
    '[null]',
    '[{"op":"PUT"}]',
    '"text"',
    '[{"op":"PUT","table":"t","id":1}]',
    '[{"op":"PUT","table":1,"id":"a"}]',
    '[{"op":1,"table":"t","id":"a"}]',
    '[{"op":"PUT","table":"t","id":"a"},{"op":"PUT"}]',
  ])('lists a row whose entries are %j, with the text', (entries) => {
    expect(readRow({ ...ROW, entries })).toMatchObject({
      entries: [],
      entriesText: entries,
      code: 'conflict',
    });
  });

  it.each([0, null])('reads flags that are %j, as of a row of an earlier version, as false', (flag) => {
    expect(readRow({ ...ROW, may_be_applied: flag, needs_decision: flag })).toMatchObject({
      mayBeApplied: false,
      needsDecision: false,
    });
  });

  it('has no text beside readable entries', () => {
    expect(readRow(ROW)).not.toHaveProperty('entriesText');
    expect(readRow({ ...ROW, entries: '[]' }).entries).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['not JSON', 'not JSON'],
    ['null', null],
    ['0', 0],
    ['"\\ud800 🥛"', '\ud800 🥛'],
  ])('reads details %j', (details, expected) => {
    expect(readRow({ ...ROW, details }).details).toBe(expected);
  });

  it.each<[string, number[]]>([
    ['x', []],
    ['null', []],
    ['{}', []],
    ['[1,"2",null,3]', [1, 3]],
  ])('reads later op ids %j as %j', (later_op_ids, expected) => {
    expect(readRow({ ...ROW, later_op_ids }).laterOpIds).toEqual(expected);
  });
});

describe('firstOpId()', () => {
  it.each<[string, number | undefined]>([
    ['client:3-14:abc', 3],
    ['a:1-2:b:7-9:hash', 7],
    ['3-4:abc', undefined],
    ['client:3-4', undefined],
    ['client:-4:abc', undefined],
    ['', undefined],
  ])('of %j is %j', (key, expected) => {
    expect(firstOpId(key)).toBe(expected);
  });
});
