// What a history runs: the core, and the pure parts of the write API's transport.
export { BackendConnector } from '../../src/backend-connector.ts';
export { UploadError } from '../../src/outcome/upload-error.ts';
export { listRejected } from '../../src/rejections/list.ts';
export { packTransactions } from '../../src/write-api/pack-transactions.ts';
export { readResults } from '../../src/write-api/read-results.ts';
