export type { Owner } from '../queue/owner-borders.ts';
export { claimQueued } from './claim-queued.ts';
export { discardQueued } from './discard-queued.ts';
export { type ExportedTransaction, exportQueued } from './export-queued.ts';
