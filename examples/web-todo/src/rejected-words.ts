// What a user reads about a rejected write. The backend's own message is for developers.

import type { RejectedWrite } from 'powersync-backend-connector/rejections';

const VERBS: Readonly<Record<string, string>> = { PUT: 'Add', PATCH: 'Change', DELETE: 'Delete' };

export function describeChange({ entries }: RejectedWrite): string {
  const [entry] = entries;
  if (!entry) return 'A change that cannot be read';
  return `${VERBS[entry.op] ?? entry.op} a ${entry.table === 'todos' ? 'to-do' : 'list'}`;
}

/** The text of the to-do, if it was changed. */
export function descriptionOf({ entries }: RejectedWrite): string | undefined {
  const values = entries.map(({ opData }) => opData?.description);
  return values.find((value): value is string => typeof value === 'string');
}

export function describeReason({ code, details }: RejectedWrite): string {
  if (constraintOf(details) === 'todos_description_check') return 'A to-do can have 140 characters at most.';
  switch (code) {
    case 'forbidden':
      return 'You may not change this.';
    case 'conflict':
      return 'It conflicts with what is on the server.';
    case 'not_found':
      return 'It is no longer on the server.';
    default:
      return 'The server did not accept it.';
  }
}

/** The example backend sends the name of the database constraint. */
function constraintOf(details: unknown): unknown {
  return (details as { details?: { constraint?: unknown } } | undefined)?.details?.constraint;
}
