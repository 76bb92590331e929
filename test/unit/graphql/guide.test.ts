import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UPLOAD_SDL } from '../../../examples/backend/graphql.ts';
import { codeOf } from '../../../src/graphql/error-code.ts';

const guide = readFileSync(new URL('../../../docs/guide/graphql.md', import.meta.url), 'utf8');

describe('docs/guide/graphql.md', () => {
  it('shows the schema that the example backend serves', () => {
    const [, shown] = /```graphql\n([\s\S]*?)```/.exec(guide) ?? [];
    expect(shown?.trim()).toBe(UPLOAD_SDL.replaceAll(/^ {2}/gm, '').trim());
  });

  it('has an error table that is true', () => {
    const rows = guide.matchAll(/^\| (`.+?) \| (.*?) ?\| `(\w+)` \|/gm);
    const told = [...rows].flatMap(([, codes = '', hasura = '', meaning = '']) =>
      [...`${codes} ${hasura}`.matchAll(/`([^`]+)`/g)].map(([, code = '']) => [code, meaning]),
    );
    expect(told.length).toBeGreaterThan(25);
    for (const [code = '', meaning] of told) {
      const example = code.replaceAll('…', 'X');
      expect([code, codeOf({ message: '', extensions: { code: example } })]).toEqual([code, meaning]);
    }
  });
});
