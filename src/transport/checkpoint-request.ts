import type { TransportContext } from './transport.ts';

/**
 * Records a checkpoint request at the backend. For backends that apply writes after they have answered. The backend
 * must store the greatest request id for each user and client. Resolve with the greater of the stored and the given id,
 * as a decimal string.
 */
export type CheckpointRequest = (
  clientId: string,
  requestId: string,
  context: Pick<TransportContext, 'signal' | 'token' | 'serverTime'>,
) => Promise<string>;
