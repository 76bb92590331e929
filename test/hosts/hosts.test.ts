import { execFile, spawnSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { startVariant } from '../verify/variants.ts';
import { entries, installPackage, root } from './install-package.ts';
import { HAPPY_END, startStoryBackend } from './story-backend.ts';

const run = promisify(execFile);
const bin = (name: string) => join(root, 'node_modules/.bin', name);
const deno = ['run', '--allow-all', '--no-remote', '--node-modules-dir=manual', '--no-lock'];

const HOSTS = [
  { name: 'Node', command: process.execPath, args: [], program: 'tell.ts' },
  { name: 'Bun', command: bin('bun'), args: [], program: 'tell.ts' },
  { name: 'Deno', command: bin('deno'), args: deno, program: 'tell.ts' },
  { name: "React Native's globals", command: process.execPath, args: [], program: 'react-native/tell.ts' },
].map((host) => {
  const isMissing = spawnSync(host.command, ['--version']).status !== 0;
  const title = isMissing ? `${host.name}: no binary for this platform in its npm package` : host.name;
  return { ...host, title, isMissing };
});

let project: string;
let backend: Backend;
beforeAll(async () => {
  // React Native's `fetch` and AbortController are these packages; the last one is a dependency of theirs.
  project = await installPackage('whatwg-fetch', 'abort-controller', 'event-target-shim');
  for (const file of ['story.ts', 'tell.ts', 'react-native'])
    await cp(join(import.meta.dirname, file), join(project, file), { recursive: true });
  backend = await startBackend({ log: () => {} });
});
afterAll(async () => {
  await backend.close();
  await rm(project, { recursive: true });
});

describe.each(HOSTS)('$title', ({ name, command, args, program, isMissing }) => {
  // In CI nothing is left out.
  it.skipIf(isMissing && !process.env.CI)('imports every entry, and uploads', async () => {
    const story = await startStoryBackend();
    try {
      const { stdout } = await run(command, [...args, program, story.url, story.nobody, ...entries], {
        cwd: project,
      });
      expect(JSON.parse(stdout)).toEqual(HAPPY_END);
      expect(story.applied).toEqual(['first: Milk 🥛', 'last: Bread']);
      expect([...story.keysOfFirst], 'idempotency keys of one transaction').toHaveLength(1);
      await story.abandoned(); // A request whose time is up is given up, not just forgotten.
    } finally {
      await story.close();
    }
  });

  if (program !== 'tell.ts') return; // A phone has no command line.
  it.skipIf(isMissing && !process.env.CI)('runs `verify`', async () => {
    const { write, read } = await startVariant(backend);
    const cli = 'node_modules/powersync-backend-connector/dist/cli.js';
    const sample = ['--table', 'lists', '--row', '{"name":"Milk"}', '--bad-row', '{"name":""}'];
    const token = await backend.issueToken(`user of ${name}`);
    const { stdout } = await run(
      command,
      [...args, cli, 'verify', write, ...sample, '--read', read, '--token', token],
      { cwd: project },
    );
    expect(stdout).toMatch(/Passed: \d+ ok, 0 violation, 0 warning, \d skipped\.$/m);
  });
});
