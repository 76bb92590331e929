// The same store over gRPC, gRPC-Web and the Connect protocol: the WriteService of proto/powersync/write/v1/write.proto.

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter, cors, type HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { type ApplyOptions, applyTransactions } from './apply-transactions.ts';
import type { TransactionResult } from './contract.ts';
import {
  type CrudEntry,
  Operation,
  TransactionResult_Status as Status,
  type Transaction,
  type TransactionResultSchema,
  type UploadRequest,
  WriteService,
} from './gen/powersync/write/v1/write_pb.js';
import { TokenRefused, type Tokens } from './tokens.ts';
import { InvalidUpload, readUpload } from './validate.ts';

export interface GrpcOptions extends ApplyOptions {
  tokens: Pick<Tokens, 'verify'>;
  /** Larger requests are RESOURCE_EXHAUSTED. Default 4 MiB, which is usual for gRPC servers. */
  maxMessageBytes?: number;
  /** Origins of the web pages that may call. Default `*`: without a cookie, no page can use a user's token. */
  corsOrigin?: string | string[];
}

export interface GrpcServer {
  /** gRPC-Web and Connect over HTTP/1.1, for browsers, React Native and Node. */
  readonly url: string;
  /** gRPC, gRPC-Web and Connect over HTTP/2 without TLS. With TLS, `allowHTTP1` serves both on one port. */
  readonly http2Url: string;
  close(): Promise<void>;
}

function writeServiceRoutes(options: GrpcOptions): (router: ConnectRouter) => void {
  return (router) => {
    router.service(WriteService, {
      async upload(request, context) {
        try {
          const userId = await authenticate(context, options.tokens);
          const transactions = readUpload(toContract(request));
          const results = await applyTransactions(options, userId, transactions);
          return { results: results.map(toMessage) };
        } catch (error) {
          throw toStatus(error, options.log);
        }
      },
    });
  };
}

export async function startGrpcServer(
  options: GrpcOptions,
  { port = 0, http2Port = 0 }: { port?: number; http2Port?: number } = {},
): Promise<GrpcServer> {
  const { maxMessageBytes = 4 * 1024 * 1024, corsOrigin = '*' } = options;
  const handler = connectNodeAdapter({ routes: writeServiceRoutes(options), readMaxBytes: maxMessageBytes });
  const http1 = createServer(withCors(handler as RequestListener, corsOrigin));
  const http2 = createHttp2Server(handler);
  const sessions = new Set<ServerHttp2Session>();
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const url = await listen(http1, port);
  const http2Url = await listen(http2, http2Port).catch(async (error) => {
    await close(http1);
    throw error;
  });
  return {
    url,
    http2Url,
    async close() {
      for (const session of sessions) session.close(); // Running calls may finish.
      http1.closeIdleConnections();
      await Promise.all([close(http1), close(http2)]);
    },
  };
}

/** Returns the user who calls: always that of the token, never one from the message. */
async function authenticate(
  { requestHeader }: HandlerContext,
  tokens: GrpcOptions['tokens'],
): Promise<string> {
  const token = /^Bearer +(\S+)$/i.exec(requestHeader.get('authorization') ?? '')?.[1];
  if (token === undefined) throw new TokenRefused('Missing bearer token');
  return (await tokens.verify(token)).sub;
}

function toStatus(error: unknown, log: (error: unknown) => void): ConnectError {
  if (error instanceof TokenRefused) return new ConnectError('Invalid token', Code.Unauthenticated);
  if (error instanceof InvalidUpload) return new ConnectError(error.message, Code.InvalidArgument);
  // The error itself isn't sent: it may quote data, or say too much about the server.
  log(error);
  return new ConnectError('Internal server error', Code.Internal);
}

const OPERATIONS: Record<Operation, string | undefined> = {
  [Operation.UNSPECIFIED]: undefined,
  [Operation.PUT]: 'PUT',
  [Operation.PATCH]: 'PATCH',
  [Operation.DELETE]: 'DELETE',
};

/** The request in the form of `POST /api/data`, so that the same code validates both. */
function toContract({ transactions }: UploadRequest): unknown {
  return {
    transactions: transactions.map(({ transactionId, idempotencyKey, crud }: Transaction) => ({
      transaction_id: transactionId === undefined ? undefined : Number(transactionId),
      idempotency_key: idempotencyKey || undefined, // In protobuf, an absent text is empty.
      crud: crud.map(({ id, op, table, opData, previousValues, metadata }: CrudEntry) => ({
        id,
        op: OPERATIONS[op],
        table,
        op_data: opData,
        previous_values: previousValues,
        metadata,
      })),
    })),
  };
}

function toMessage(result: TransactionResult): MessageInitShape<typeof TransactionResultSchema> {
  switch (result.status) {
    case 'success':
      return { status: Status.SUCCESS };
    case 'not_attempted':
      return { status: Status.NOT_ATTEMPTED };
    case 'retryable_error': {
      const { message, retry_after_ms: retryAfterMs } = result;
      return {
        status: Status.RETRYABLE_ERROR,
        ...(message !== undefined && { message }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      };
    }
    case 'fatal_error': {
      const {
        error_code: errorCode,
        operation_index: operationIndex,
        message,
        details,
      } = result.failed_operation;
      return {
        status: Status.FATAL_ERROR,
        requiresClientHandling: result.requires_client_handling,
        message: result.message,
        failedOperation: {
          errorCode,
          message,
          ...(operationIndex !== undefined && { operationIndex }),
          ...(details && { details }),
        },
      };
    }
  }
}

/** Browsers first ask what they may send, and show a page only the headers that are exposed to it. */
function withCors(handler: RequestListener, origins: string | string[]): RequestListener {
  const headers = {
    'access-control-allow-methods': cors.allowedMethods.join(', '),
    'access-control-allow-headers': [...cors.allowedHeaders, 'authorization', 'idempotency-key'].join(', '),
    'access-control-expose-headers': [...cors.exposedHeaders, 'date', 'retry-after'].join(', '),
    'access-control-max-age': '3600',
    vary: 'Origin',
  };
  return (request: IncomingMessage, response: ServerResponse & { req: IncomingMessage }) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const { origin = '' } = request.headers;
    if (!Array.isArray(origins)) response.setHeader('access-control-allow-origin', origins);
    else if (origins.includes(origin)) response.setHeader('access-control-allow-origin', origin);
    if (request.method === 'OPTIONS') response.writeHead(204).end();
    else handler(request, response);
  };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
