import { expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

vi.mock('@connectrpc/connect-web', () => {
  throw new Error('Cannot find package');
});

it('the contract "connect" names the packages that it needs, before anything is sent', async () => {
  const fetch = vi.spyOn(globalThis, 'fetch');
  const printed: string[] = [];
  const argv = [
    'verify',
    'http://127.0.0.1:9',
    '--contract',
    'connect',
    '--table',
    'lists',
    '--row',
    '{"name":"Milk"}',
  ];
  expect(await main(argv, (text) => printed.push(text))).toBe(2);
  expect(printed.at(-1)).toMatch(/npm install @connectrpc\/connect-web @connectrpc\/connect/);
  expect(fetch).not.toHaveBeenCalled();
});
