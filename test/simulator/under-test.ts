// The code that a history runs: the core, the functions that apps call besides it, and the pure parts of `writeApi()`.
export { BackendConnector } from '../../src/backend-connector.ts';
export { perEntry } from '../../src/combine/per-entry.ts';
export { route } from '../../src/combine/route.ts';
export { packTransactions } from '../../src/contract/pack-transactions.ts';
export { readResults } from '../../src/contract/read-results.ts';
export { UploadError } from '../../src/error/upload-error.ts';
export { writeApi } from '../../src/http/write-api.ts';
export { claimQueued } from '../../src/owners/claim-queued.ts';
export { discardQueued } from '../../src/owners/discard-queued.ts';
export { hold, releaseHeld } from '../../src/rejections/hold.ts';
export { listRejected } from '../../src/rejections/list.ts';
export { record } from '../../src/rejections/record.ts';
export { realmGlobal } from './realm-global.ts';
