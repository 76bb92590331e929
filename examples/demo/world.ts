import { type FaultyProxy, startFaultyProxy } from '../../test/support/faulty-proxy.ts';
import { type ServiceStandIn, startServiceStandIn } from '../../test/support/service-stand-in.ts';
import { type Backend, startBackend } from '../backend/server.ts';
import { type Device, openDevice } from './device.ts';
import type { DemoTransport, Served } from './transports.ts';

/** The users of the story. */
export const ADA = 'ada';
export const BOB = 'bob';

/** Everything that the story needs. */
export interface World {
  /** How writes reach the backend. */
  readonly by: DemoTransport;
  readonly backend: Backend;
  /** Where the devices send their writes: the backend, or another server for its store. */
  readonly target: Served;
  readonly service: ServiceStandIn;
  /** Between the phone and the backend, and later between the tablet and the backend. */
  readonly network: FaultyProxy;
  readonly phone: Device;
  readonly laptop: Device;
  readonly tablet: Device;
  /** Who is signed in on the tablet. */
  readonly session: { user: string | null };
  /** The lifetime of the phone's next token, in seconds. */
  readonly phoneTokens: { lifetime: number };
  close(): Promise<void>;
}

export async function createWorld(by: DemoTransport): Promise<World> {
  const backend = await startBackend();
  const service = await startServiceStandIn({ source: backend });
  const target: Served = (await by.serve?.(backend)) ?? { url: backend.url, close: async () => {} };
  const network = await startFaultyProxy(target.url);
  const session: World['session'] = { user: null };
  const phoneTokens = { lifetime: 300 };
  const device = (name: string, url: string, getToken: () => Promise<string | null>): Promise<Device> =>
    openDevice({ name, serviceUrl: service.url, transport: by.create(url), getToken });

  const phone = await device('phone', network.url, () =>
    backend.issueToken(ADA, { expiresInSeconds: phoneTokens.lifetime }),
  );
  const laptop = await device('laptop', target.url, () => backend.issueToken(ADA));
  const tablet = await device('tablet', network.url, async () =>
    session.user ? backend.issueToken(session.user) : null,
  );
  return {
    by,
    backend,
    target,
    service,
    network,
    phone,
    laptop,
    tablet,
    session,
    phoneTokens,
    async close() {
      for (const part of [phone, laptop, tablet, network, target, service, backend]) await part.close();
    },
  };
}
