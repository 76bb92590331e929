import { describe, expect, it } from 'vitest';
import { defaultVerdict } from '../../../src/error/codes.ts';
import { codeFromGrpcCode } from '../../../src/error/grpc-code.ts';

describe('codeFromGrpcCode', () => {
  it.each([
    [0, 'OK', 'unknown'],
    [1, 'CANCELLED', 'aborted'],
    [2, 'UNKNOWN', 'unknown'],
    [3, 'INVALID_ARGUMENT', 'invalid'],
    [4, 'DEADLINE_EXCEEDED', 'timeout'],
    [5, 'NOT_FOUND', 'not_found'],
    [6, 'ALREADY_EXISTS', 'conflict'],
    [7, 'PERMISSION_DENIED', 'forbidden'],
    [8, 'RESOURCE_EXHAUSTED', 'throttled'],
    [9, 'FAILED_PRECONDITION', 'conflict'],
    [10, 'ABORTED', 'conflict'],
    [11, 'OUT_OF_RANGE', 'invalid'],
    [12, 'UNIMPLEMENTED', 'misconfigured'],
    [13, 'INTERNAL', 'unavailable'],
    [14, 'UNAVAILABLE', 'network'],
    [15, 'DATA_LOSS', 'unknown'],
    [16, 'UNAUTHENTICATED', 'unauthenticated'],
  ])('reads %i (%s) as %s', (grpcCode, _, code) => {
    expect(codeFromGrpcCode(grpcCode)).toBe(code);
  });

  it.each([17, -1, 1.5, Number.NaN, 999])('retries %d, which is no gRPC code', (grpcCode) => {
    expect(codeFromGrpcCode(grpcCode)).toBe('unknown');
    expect(defaultVerdict(codeFromGrpcCode(grpcCode))).toBe('retry');
  });
});
