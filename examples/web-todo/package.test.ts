import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the versions are those that this repository tests with', () => {
  const root = read('../../package.json');
  const { dependencies, devDependencies } = read('package.json');
  const tested = { ...root.dependencies, ...root.devDependencies, [root.name]: root.version };
  const own = { ...dependencies, ...devDependencies };
  expect(own).toEqual(Object.fromEntries(Object.keys(own).map((name) => [name, tested[name]])));
});

function read(path: string) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}
