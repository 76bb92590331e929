import { fromBinary } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { MAX_RETRY_AFTER_MS } from '../error/retry-after.ts';

/** The wait of a `google.rpc.RetryInfo` in the details of an error, in milliseconds, an hour at most. */
export function readRetryInfo(
  details: readonly { readonly type?: string; readonly value?: unknown }[] | undefined,
): number | undefined {
  const info = details?.find(({ type }) => type === 'google.rpc.RetryInfo')?.value;
  // Its only field is `retry_delay = 1`, a Duration: a tag, a length below 128, and that many bytes.
  if (!(info instanceof Uint8Array) || info[0] !== 0x0a) return undefined;
  try {
    const { seconds, nanos } = fromBinary(DurationSchema, info.subarray(2, 2 + (info[1] ?? 0)));
    const ms = Number(seconds) * 1000 + Math.round(nanos / 1e6);
    return ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
  } catch {
    return undefined; // A hint that can't be read is ignored.
  }
}
