import { beforeEach } from 'vitest';

const SKIPPED = [
  // A database file, a connection, or SQL that the memory doesn't answer.
  'reports once although two tabs report at the same time',
  'is safe with an upload in flight that never answers, on a connected database',
  'differs for a new write that got the op id of a lost one, so that it arrives',
  // Statistics of millions of hashes, which take minutes for each mutant. Fixed values are compared beside them.
  'spreads entries that hardly differ',
];

beforeEach(({ task, skip }) => {
  if (SKIPPED.includes(task.name) || SKIPPED.includes(task.suite?.name ?? '')) skip();
});
