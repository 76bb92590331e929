import { type ConnectorDatabase, isUploadError } from 'powersync-backend-connector';
import { describe, expect, it, vi } from 'vitest';
import { clientIdOf, ready } from '../../../src/database/ready.ts';

function database(members: Partial<ConnectorDatabase>): ConnectorDatabase {
  return { getClientId: async () => 'client', ...members } as ConnectorDatabase;
}

describe('ready()', () => {
  it('waits as the SDK does, and no longer once it has', async () => {
    const waitForReady = vi.fn(async () => {});
    const getAll = vi.fn();
    const opened = database({ waitForReady, getAll });
    await ready(opened);
    await ready(opened);
    expect(waitForReady).toHaveBeenCalledTimes(1);
    expect(getAll).not.toHaveBeenCalled();
  });

  it('reads where there is nothing to wait for', async () => {
    const getAll = vi.fn(async () => []);
    await ready(database({ getAll }));
    expect(getAll).toHaveBeenCalledWith('SELECT 1');
  });

  it('says that a database did not open, and asks again next time', async () => {
    const cause = new Error('disk full');
    const waitForReady = vi.fn(async () => {}).mockRejectedValueOnce(cause);
    const broken = database({ waitForReady });
    const error = await ready(broken).catch((thrown: unknown) => thrown);
    expect(isUploadError(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'unknown',
      cause: { name: 'Error', message: 'disk full' }, // The driver has seen no row yet.
      message: expect.stringContaining('not be opened'),
    });
    await ready(broken);
  });
});

describe('clientIdOf()', () => {
  it('asks nothing of a database that is not open', async () => {
    const getClientId = vi.fn(async () => 'client');
    const waitForReady = vi.fn(async () => {}).mockRejectedValueOnce(new Error());
    const late = database({ waitForReady, getClientId });
    await expect(clientIdOf(late)).rejects.toThrow('not be opened');
    expect(getClientId).not.toHaveBeenCalled();
    expect(await clientIdOf(late)).toBe('client');
  });
});
