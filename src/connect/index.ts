export type { HeaderOptions, HeadersContext, HeadersLike, RequestHeaders } from '../http/request-headers.ts';
export type { ConnectResponse, ConnectTransport } from './connect-transport.ts';
export { type WriteServiceOptions, writeService } from './write-service.ts';
