// A backend in a process of its own that answers the reference contract after a set time, and does nothing else.
import { createServer } from 'node:http';

const latencyMs = Number(process.argv[2] ?? 0);

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { transactions } = JSON.parse(Buffer.concat(chunks).toString()) as { transactions: unknown[] };
  const answer = JSON.stringify({ results: transactions.map(() => ({ status: 'success' })) });
  setTimeout(() => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  }, latencyMs);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
