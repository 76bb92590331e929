import { readFileSync } from 'node:fs';
import { ConnectError } from '@connectrpc/connect';
import { expect, it } from 'vitest';
import { readFailure } from '../../../src/connect/read-failure.ts';

const NAMES =
  'CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  );

const guide = readFileSync(new URL('../../../docs/guide/grpc.md', import.meta.url), 'utf8');
const table = guide.split('| status of the backend | code | what happens |')[1]?.split('\n\n')[0] ?? '';

it.each(NAMES.map((name, index) => [name, index + 1] as const))(
  'the guide says what %s means',
  (name, code) => {
    const error = new ConnectError('words of the backend', code, { 'grpc-status': String(code) });
    const rows = table.split('\n').filter((row) => new RegExp(`\\b${name}\\b(?! for)`).test(row));
    expect(rows).toEqual([expect.stringContaining(`| \`${readFailure(error, 1).code}\` |`)]);
  },
);
