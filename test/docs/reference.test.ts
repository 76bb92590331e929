// What users look up is on the pages: every code, every option, every entry of the package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { llmsFullTxt, llmsTxt } from '../../docs/.vitepress/llms.ts';
import { pages } from '../../docs/.vitepress/pages.ts';
import type { UploadErrorCode } from '../../src/error/codes.ts';
import { defaultVerdict, isUploadErrorCode } from '../../src/error/codes.ts';
import { page, rows, section } from './pages.ts';

const root = join(import.meta.dirname, '../..');
const source = (path: string) => ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), 99);

/** The members of a union of texts, as they are written. */
function membersOfUnion<T extends string>(path: string, name: string): T[] {
  const alias = source(path).statements.find(
    (each) => ts.isTypeAliasDeclaration(each) && each.name.text === name,
  ) as ts.TypeAliasDeclaration;
  return (alias.type as ts.UnionTypeNode).types.map(
    (type) => ((type as ts.LiteralTypeNode).literal as ts.StringLiteral).text as T,
  );
}

function membersOfInterface(path: string, name: string): string[] {
  const found = source(path).statements.find(
    (each) => ts.isInterfaceDeclaration(each) && each.name.text === name,
  ) as ts.InterfaceDeclaration;
  return found.members.map(({ name }) => (name as ts.Identifier).text);
}

/** The names in code in the first cells of a text's tables. */
function firstCells(text: string): string[] {
  return rows(text).flatMap(([first = '']) => [...first.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

describe('errors', () => {
  const codes = membersOfUnion<UploadErrorCode>('src/error/codes.ts', 'UploadErrorCode');
  const headings = {
    retry: 'Retried: the write stays, in its place',
    hold: 'Held: the write stays until something changes',
    ambiguous: 'Ambiguous: retried, then rejected',
    reject: 'Rejected: it leaves the queue, and is kept',
  };

  it('knows the whole set', () => {
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.every(isUploadErrorCode)).toBe(true);
  });

  it.each(Object.entries(headings))('lists every code of verdict %s, and no other', (verdict, heading) => {
    const listed = firstCells(section(page('guide/errors.md'), heading));
    expect(listed.sort()).toEqual(codes.filter((code) => defaultVerdict(code) === verdict).sort());
  });

  it('says of each code what happened, what becomes of the data, and what to do', () => {
    for (const heading of Object.values(headings)) {
      for (const cells of rows(section(page('guide/errors.md'), heading))) {
        expect(cells).toHaveLength(4);
        expect(cells.every((cell) => cell !== '')).toBe(true);
      }
    }
  });
});

describe('options', () => {
  it('lists every option of BackendConnector', () => {
    const listed = firstCells(page('guide/options.md').split(/^## /m)[0] ?? '');
    expect(listed.sort()).toEqual(membersOfInterface('src/options.ts', 'BackendConnectorOptions').sort());
  });

  it('lists every option of retry', () => {
    const listed = firstCells(section(page('guide/options.md'), '`retry`'));
    expect(listed.sort()).toEqual(
      membersOfInterface('src/options.ts', 'RetryOptions')
        .map((name) => `retry.${name}`)
        .sort(),
    );
  });
});

describe('entries', () => {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.keys(exports).filter((entry) => /^\.(\/\w+)?$/.test(entry));
  let guide = '';
  beforeAll(() => {
    guide = llmsFullTxt();
  });

  it.each(entries)('%s is in the API reference, in the guide, and has an API report', (entry) => {
    const links = pages.flatMap(({ items }) => items.map(({ link }) => link));
    expect(links).toContain(`/api${entry === '.' ? '/' : entry.slice(1)}`);
    expect(guide).toContain(`from '${join(name, entry)}'`);
    expect(page(`api-report/${entry === '.' ? 'index' : entry.slice(2)}.api.md`)).toContain('@public');
  });

  it('llms.txt names every page, and every export', () => {
    const text = llmsTxt();
    for (const { items } of pages) {
      for (const { link, about } of items) if (about) expect(text).toContain(`](${link.slice(1)}): ${about}`);
    }
    const exported = readFileSync(join(root, 'test/packed/exports.txt'), 'utf8').trim().split('\n');
    for (const line of exported) expect(text).toContain(line.split(' ').slice(1).join(' '));
    expect(guide).not.toContain('<!-- ts');
  });

  it('llms.txt names the methods of a connector, all of them and no other', () => {
    const [named = ''] = /Methods of a connector: [\s\S]*?\.\n/.exec(llmsTxt()) ?? [];
    const names = [...named.matchAll(/`(\w+)`/g)].map(([, method = '']) => method);
    const [declared = ''] =
      /class BackendConnector \{[\s\S]*?\n\}/.exec(page('api-report/index.api.md')) ?? [];
    const members = [...declared.matchAll(/^ {4}(?:get |readonly )?(\w+)\??[(:]/gm)].map(
      ([, member]) => member,
    );
    const ofTheSdk = [
      'constructor',
      'fetchCredentials',
      'invalidateCredentials',
      'uploadData',
      'postCheckpointRequest',
    ];
    expect(names.sort()).toEqual(members.filter((member = '') => !ofTheSdk.includes(member)).sort());
  });
});
