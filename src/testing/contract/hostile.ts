import type { UploadEntry } from '../../queue/transaction.ts';
import { check, describe } from './checks.ts';
import { contractCase, type TransportContractCase } from './contract-case.ts';
import type { Session, Values } from './session.ts';

/** Ids with a meaning in paths, queries, filters, SQL, JSON or JavaScript. */
// biome-ignore format: one line for each kind
const IDS: readonly string[] = [
  '', ' ', '.', '..', './victim', '../victim', 'other/../victim', 'victim/', '/victim', 'victim/other',
  '%2e%2e', '%2e', '..%2fvictim', 'victim%00', '%', '%zz', '%76ictim', 'victim?x=1', 'victim#x', '?', '#',
  'victim&id=other', 'id=victim', 'victim;other', 'victim,other', '(victim,other)', '{victim}', '[victim]',
  '*', 'eq.victim', 'not.is.null', '{id}', `$\{id}`, ':id', '\\', 'victim\\', 'victim ', ' victim', 'victim\t',
  "o'brien", "' or '1'='1", "victim'--", '"victim"', '"', '`victim`', 'null', 'undefined', 'true', '0', '-1',
  'line\nbreak', 'victim\r\nx-header: 1', 'victim\n', 'nul\u0000', '\u0000', '\u2028', '\u202evictim',
  '🧺', 'é', 'e\u0301', 'ﷺ', '\ud800', '__proto__', 'constructor', 'toString', 'x'.repeat(5_000),
];

// biome-ignore format: one line for each kind
const TEXTS: readonly string[] = [
  "'; drop table victims; --", "' or '1'='1", '$1', '?', '%s', '{text}', `$\{text}`, '{{text}}', '</script>',
  '', ' ', ' leading and trailing ', '\n', '\r\n', '\t', '\\', '\\u0041', '\\n', '"', "''", '`', '\u2028',
  'null', 'undefined', 'true', '0', '1e3', '007', '{"a":1}', '[]', 'NaN', '__proto__', 'constructor',
  'nul\u0000byte', '\u0000', '\ud800', '\udc00\ud800', '\ufeffbom', '\ufffd', 'e\u0301', '👩‍👩‍👧', 'ß'.repeat(9_000),
];

const NUMBERS: readonly number[] = [0, 1, -1, 0.1, -1.5, 1e21, 5e-324, 9007199254740991, -9007199254740991];

/** Cases about values that a transport must send unchanged, or not at all. */
export const hostile: readonly TransportContractCase[] = [
  contractCase('no id ever changes the row of another id', [], async (it) => {
    const rows = new Map<string, Values>([
      ['victim', { text: 'untouched' }],
      ['other', { text: 'untouched' }],
    ]);
    await it.apply(...[...rows].map(([id, values]) => it.put(id, values)));
    for (const [index, id] of IDS.entries()) {
      const [text, note] = [`text ${index}`, `note ${index}`];
      const name = JSON.stringify(id.length > 40 ? `${id.slice(0, 40)}…` : id);
      if (await takes(it, it.put(id, { text }))) rows.set(id, { text });
      await it.expectRows(rows, `after a PUT of the id ${name}`);
      if (await takes(it, it.patch(id, { note }))) rows.set(id, { text, note });
      if (!(await it.rows()).has(id)) rows.delete(id); // a PATCH of a row that isn't there
      await it.expectRows(rows, `after a PATCH of the id ${name}`);
      if (await takes(it, it.remove(id))) rows.delete(id);
      await it.expectRows(rows, `after a DELETE of the id ${name}`);
    }
  }),

  contractCase('column values are stored exactly, or refused', [], async (it) => {
    const rows = new Map<string, Values>();
    const values: readonly Values[] = [
      ...TEXTS.map((text) => ({ text })),
      ...NUMBERS.map((amount) => ({ amount })),
    ];
    for (const [index, value] of values.entries()) {
      const id = `row-${index}`;
      const when = `after a write of ${JSON.stringify(value).slice(0, 60)}`;
      if (await takes(it, it.put(id, value))) rows.set(id, value);
      await it.expectRows(rows, when);
    }
    check(rows.size > 0, 'none of them was stored');
  }),
];

/** Sends one entry alone. Returns true if it was applied, false if it was refused or kept. */
async function takes(it: Session, entry: UploadEntry): Promise<boolean> {
  const sent = await it.send([it.transaction(entry)]);
  const status = sent.outcomes[0]?.status;
  check(
    sent.thrown !== undefined || status !== 'not_attempted',
    `it must be attempted, but ${describe(sent)}`,
  );
  return status === 'applied';
}
