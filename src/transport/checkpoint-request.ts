import type { TransportContext } from './transport.ts';

/**
 * Records a checkpoint request at the backend, for backends that apply writes after they have answered. It must keep the
 * greatest id per user and client, and resolve with the greater of the kept and the given id, as a decimal string.
 */
export type CheckpointRequest = (
  clientId: string,
  requestId: string,
  context: Pick<TransportContext, 'signal' | 'token' | 'serverTime'>,
) => Promise<string>;
