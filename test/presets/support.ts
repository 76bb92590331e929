import {
  type Outcome,
  type TransportContext,
  type UploadEntry,
  UploadError,
  type UploadTransaction,
} from 'powersync-backend-connector';
import type { Preset } from 'powersync-backend-connector/presets';
import { defaultVerdict } from '../../src/error/codes.ts';
import { context } from '../http/support.ts';
import type { Asked, StandIn } from '../support/published-backends/stand-in.ts';

let opId = 0;

type Columns = Record<string, unknown>;

export function put(table: string, id: string, opData: Columns = {}): UploadEntry {
  return { clientId: ++opId, op: 'PUT', table, id, opData, transactionId: 1 };
}

export function patch(table: string, id: string, opData: Columns, previousValues?: Columns): UploadEntry {
  return { clientId: ++opId, op: 'PATCH', table, id, opData, previousValues, transactionId: 1 };
}

export function remove(table: string, id: string): UploadEntry {
  return { clientId: ++opId, op: 'DELETE', table, id, transactionId: 1 };
}

export function transactionOf(...entries: UploadEntry[]): UploadTransaction {
  return { key: `client:${entries[0]?.clientId}`, transactionId: 1, entries };
}

/** A context whose token is the preset's own. */
function contextOf({ credentials }: Preset): TransportContext {
  const { signal } = new AbortController();
  return context({ signal, token: async () => (await credentials({ signal }))?.token });
}

/** What a preset makes of transactions, one outcome for each; an error that was thrown is that of the first. */
export async function outcomesOf(preset: Preset, ...transactions: UploadTransaction[]): Promise<Outcome[]> {
  try {
    return [...(await preset.transport({ transactions }, contextOf(preset)))];
  } catch (thrown) {
    return [{ status: 'retry', error: UploadError.from(thrown), inBand: false }];
  }
}

/** The verdict on each outcome, and its code: `applied`, `reject conflict`, `retry network`, … */
export async function verdictsOf(preset: Preset, ...transactions: UploadTransaction[]): Promise<string[]> {
  return (await outcomesOf(preset, ...transactions)).map(verdictOn);
}

/** The verdict on a transaction of these entries. */
export async function verdictOf(preset: Preset, ...entries: UploadEntry[]): Promise<string | undefined> {
  const [verdict] = await verdictsOf(preset, transactionOf(...entries));
  return verdict;
}

function verdictOn(outcome: Outcome): string {
  if (!('error' in outcome)) return outcome.status;
  return `${defaultVerdict(outcome.error.code)} ${outcome.error.code}`;
}

/** What credentials give: the token, `signed out`, or the code of what they threw. */
export async function credentialsOf({ credentials }: Preset): Promise<string> {
  try {
    return (await credentials({ signal: new AbortController().signal }))?.token ?? 'signed out';
  } catch (thrown) {
    return UploadError.from(thrown).code;
  }
}

/** The first request that came, of this method if one is given. */
export function first({ requests }: StandIn, method?: string): Asked {
  const found = requests.find((each) => method === undefined || each.method === method);
  if (!found) throw new Error('There was no such request');
  return found;
}
