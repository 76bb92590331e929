import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Pool, type PoolConfig } from 'pg';
import { waitFor } from '../../support/client.ts';
import { freePort } from '../../support/free-port.ts';

const run = promisify(execFile);

export interface PostgresServer {
  readonly url: string;
  pool(options?: PoolConfig): Pool;
  /** Stops at once, as a crash does, and starts again on the same port and data. */
  crash(): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The folder with Postgres's programs. Where they aren't, says what to install; in CI, throws. */
export function findPostgres(): string | undefined {
  const root = '/usr/lib/postgresql';
  const folders = existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : [];
  const found = [...folders, ...(process.env.PATH ?? '').split(':')].find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
  if (found) return found;
  const missing =
    'The tests against Postgres need it installed: apt-get install --no-install-recommends postgresql';
  if (process.env.CI) throw new Error(missing);
  console.warn(`Left out. ${missing}`);
  return undefined;
}

/** A Postgres of its own in a temporary folder, at a free port of 127.0.0.1, without a password. */
export async function startPostgres(...options: string[]): Promise<PostgresServer> {
  const programs = findPostgres();
  if (!programs) throw new Error('Postgres is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'postgres-test-'));
  const data = join(folder, 'data');
  await chmod(folder, 0o755);
  // Postgres refuses to run as root.
  const asUser = userInfo().uid === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  if (asUser.length > 0) {
    const { stdout } = await run('id', ['-u', 'postgres']);
    await chown(folder, Number(stdout), Number((await run('id', ['-g', 'postgres'])).stdout));
  }
  const [first = '', ...rest] = [...asUser, join(programs, 'initdb')];
  await run(first, [
    ...rest,
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-sync',
    '--locale=C.UTF-8',
  ]);

  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const [program = '', ...args] = [...asUser, join(programs, 'postgres')];
    const settings = ['fsync=off', 'max_connections=40', `unix_socket_directories=${folder}`, ...options];
    server = spawn(
      program,
      [
        ...args,
        '-D',
        data,
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        ...settings.flatMap((each) => ['-c', each]),
      ],
      {
        stdio: ['ignore', 'ignore', 'ignore'],
      },
    );
    await waitFor(
      async () => {
        const client = new Client({ connectionString: url });
        client.on('error', () => {});
        await client.connect();
        await client.end();
        return true;
      },
      { what: 'Postgres to start' },
    );
  };
  const end = async (mode: 'immediate' | 'fast'): Promise<void> => {
    const ended = new Promise<void>((resolve) => {
      if (!server || server.exitCode !== null) resolve();
      else server.once('exit', () => resolve());
    });
    const [program = '', ...args] = [...asUser, join(programs, 'pg_ctl')];
    await run(program, [...args, 'stop', '-D', data, '-m', mode]);
    await ended;
  };

  await start();
  return {
    url,
    pool: (more) =>
      new Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', max: 10, ...more }),
    crash: () => end('immediate'),
    start,
    async restart() {
      await end('fast');
      await start();
    },
    async stop() {
      await end('immediate').catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
}
