/** A row that stays at the backend. */
export interface LeftRow {
  /** Its id at the backend. */
  readonly id: string;
  /** The reason why it couldn't be deleted. */
  readonly why: string;
}

/** Largest number of ids that are printed for one reason. */
const MOST = 12;

/** Returns lines about the rows that stay, grouped by reason. */
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
