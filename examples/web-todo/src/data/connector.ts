import { BackendConnector } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { BACKEND_URL, POWERSYNC_URL } from '../config.ts';
import { appFetch } from '../network.ts';
import { recordUploads } from '../upload-inspector/index.ts';
import { db } from './database.ts';
import { signedIn } from './users.ts';

export const connector = new BackendConnector({
  endpoint: POWERSYNC_URL,
  credentials: async ({ signal }) => {
    const user = signedIn.get();
    if (!user) return null;
    // The demo login of the example backend: it gives a token for any user to anybody.
    const response = await appFetch(`${BACKEND_URL}/api/auth/token?user_id=${user.id}`, { signal });
    if (!response.ok) throw new Error(`No token: the backend answered ${response.status}.`);
    return (await response.json()) as { token: string };
  },
  transport: writeApi({ url: `${BACKEND_URL}/api/data`, fetch: appFetch }),
});

/** For the upload inspector. It is made here, so that it sees everything from the start. */
export const uploadLog = recordUploads(connector, { database: db });
