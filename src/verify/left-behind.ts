/** A row that verifying leaves at the backend. */
export interface LeftRow {
  /** The id that it has there. */
  readonly id: string;
  /** Why it could not be deleted. */
  readonly why: string;
}

/** Most ids that are printed for one reason. */
const MOST = 12;

/** Says which rows stay, and why, by reason. */
export function describeLeft(left: readonly LeftRow[], table: string): string[] {
  if (left.length === 0) return [];
  const reasons = [...new Set(left.map(({ why }) => why))];
  return [
    left.length === 1
      ? `1 row stays in "${table}". Delete it by hand:`
      : `${left.length} rows stay in "${table}". Delete them by hand:`,
    ...reasons.map((reason) => {
      const ids = left.filter(({ why }) => why === reason).map(({ id }) => id);
      const more = ids.length > MOST ? `, and ${ids.length - MOST} more (--json has them all)` : '';
      return `  ${ids.slice(0, MOST).join(', ')}${more}: ${reason}`;
    }),
  ];
}
