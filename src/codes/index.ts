export { codeFromGrpcCode } from '../error/grpc-code.ts';
export { codeFromHttpStatus } from '../error/http-status.ts';
export { codeFromMongoCode } from '../error/mongodb.ts';
export { codeFromMySqlErrno } from '../error/mysql.ts';
export { codeFromSqlServerNumber } from '../error/sql-server.ts';
export { codeFromSqlState } from '../error/sqlstate.ts';
