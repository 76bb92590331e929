import type { UploadStatus } from 'powersync-backend-connector';
import type { TokenSample, UploadRequest } from './upload-record.ts';

export type Tone = 'running' | 'good' | 'bad' | 'waiting' | 'plain';

export const PHASES: { readonly [Phase in UploadStatus['phase']]: { text: string; tone: Tone } } = {
  idle: { text: 'Idle', tone: 'good' },
  uploading: { text: 'Uploading', tone: 'running' },
  waiting: { text: 'Backing off', tone: 'waiting' },
  'needs-auth': { text: 'Needs a sign-in', tone: 'waiting' },
  'owner-mismatch': { text: 'Owner mismatch', tone: 'waiting' },
  held: { text: 'Held for a decision', tone: 'bad' },
  closed: { text: 'Closed', tone: 'plain' },
};

/** A fact, and its reason in small print. */
export interface Fact {
  readonly text: string;
  readonly more?: string;
}

export function outcomeOf(request: UploadRequest): Fact & { readonly tone: Tone } {
  const { durationMs, code, applied, rejected, rejections, transactions } = request;
  if (durationMs === undefined) return { text: 'under way', tone: 'running' };
  if (rejected > 0) {
    const text = transactions === 1 ? 'rejected' : `${rejected} of ${transactions} rejected`;
    return { text, more: [...new Set(rejections)].join(', '), tone: 'bad' };
  }
  if (code) return { text: code, tone: 'waiting' };
  if (applied > 0)
    return {
      text: applied < transactions ? `${applied} of ${transactions} applied` : 'applied',
      tone: 'good',
    };
  return { text: 'answered', tone: 'plain' };
}

export function gateFact({ nextAttemptAt, lastError }: UploadStatus, failures: number, now: number): Fact {
  if (nextAttemptAt === undefined || nextAttemptAt <= now) return { text: 'Open' };
  const why = lastError?.code ?? 'backing off';
  return {
    text: `Shut for ${seconds(nextAttemptAt - now)}`,
    more: failures > 1 ? `${why}, ${failures} times` : why,
  };
}

export function tokenFact(token: TokenSample | undefined, now: number): Fact {
  if (!token) return { text: 'Not needed yet' };
  const { result, at, durationMs } = token;
  const age = seconds(now - at);
  if (result === 'signed-out') return { text: 'Nobody is signed in' };
  if (result === 'token') return { text: `${age} old`, more: `fetched in ${durationMs} ms` };
  return { text: result === 'unchanged' ? 'Refused' : 'Refresh failed', more: `${age} ago` };
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

export function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1_000));
  return whole < 120 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}
