import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import mysql, { type Connection, type ConnectionOptions, type Pool, type PoolOptions } from 'mysql2/promise';
import { waitFor } from '../support/client.ts';
import { freePort } from '../support/free-port.ts';

const run = promisify(execFile);

/** Where servers are often isn't in the PATH of an ordinary user. */
const PATH = [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].join(delimiter);
const env = { ...process.env, PATH };

export interface MariaDb {
  /** A connection as root, or as what the options say. */
  connect(options?: ConnectionOptions): Promise<Connection>;
  pool(options?: PoolOptions): Pool;
  stop(): Promise<void>;
}

/** Whether MariaDB is there. Where it isn't, says what to install; in CI, where nothing may be left out, throws. */
export function findMariaDb(): boolean {
  const isThere = (name: string) => PATH.split(delimiter).some((folder) => existsSync(join(folder, name)));
  if (isThere('mariadbd') && isThere('mariadb-install-db')) return true;
  const missing =
    'The tests against MariaDB need it installed: apt-get install --no-install-recommends mariadb-server';
  if (process.env.CI) throw new Error(missing);
  console.warn(`Left out. ${missing}`);
  return false;
}

/**
 * A MariaDB of its own in a temporary folder: reached at a free port of 127.0.0.1, without a password.
 *
 * @param options Server options, such as `--max-connections=10`.
 */
export async function startMariaDb(...options: string[]): Promise<MariaDb> {
  const folder = await mkdtemp(join(tmpdir(), 'mariadb-test-'));
  await chmod(folder, 0o755); // the server goes on as another user if the tests are run by root
  const data = join(folder, 'data');
  const socket = join(data, 'socket');
  await run(
    'mariadb-install-db',
    [
      ...['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'],
      ...['--skip-test-db', ...asUser()],
    ],
    { env },
  );
  const args = [
    ...['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--pid-file=${join(data, 'pid')}`],
    ...['--bind-address=127.0.0.1', '--skip-name-resolve', ...asUser(), ...options],
  ];
  try {
    for (let tries = 1; ; tries++) {
      const { isUp, log, connect, pool, stop } = await startOn(await freePort(), args);
      if (isUp) return { connect, pool, stop: () => stop().finally(() => remove(folder)) };
      // Somebody else may have taken the port before the server did.
      if (tries === 5 || !/already in use/i.test(log)) throw new Error(`mariadbd ended by itself:\n${log}`);
    }
  } catch (error) {
    await remove(folder);
    throw error;
  }
}

async function startOn(port: number, args: readonly string[]) {
  const server = spawn('mariadbd', [...args, `--port=${port}`], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = endOf(server);
  let log = '';
  server.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  const connect = (more: ConnectionOptions = {}) =>
    mysql.createConnection({ host: '127.0.0.1', port, user: 'root', ...more });
  const pool = (more: PoolOptions = {}) =>
    mysql.createPool({ host: '127.0.0.1', port, user: 'root', ...more });
  const stop = async (): Promise<void> => {
    server.kill();
    await ended;
  };
  try {
    await waitFor(
      async () => {
        if (server.exitCode !== null) return true;
        await (await connect()).end();
        return true;
      },
      { what: 'MariaDB to start' },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { isUp: server.exitCode === null, log, connect, pool, stop };
}

const remove = (folder: string) => rm(folder, { recursive: true, force: true });

/** The server refuses to run as root. */
function asUser(): string[] {
  return userInfo().uid === 0 ? ['--user=mysql'] : [];
}

function endOf(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.once('error', () => resolve());
  });
}
