import { styleText } from 'node:util';

// What the demo prints: chapters, a progress bar, a table, and checks that decide its exit code.

const interactive = process.stdout.isTTY === true;

export function chapter(title: string): void {
  console.log(`\n${styleText('bold', title)}`);
}

export function say(line: string): void {
  console.log(`  ${line}`);
}

/** Draws a moving bar in a terminal. If the output goes elsewhere, prints a line for each quarter. */
export function progressBar(label: string, total: number): (done: number) => void {
  let shown = -1;
  return (done) => {
    const share = total === 0 ? 1 : done / total;
    const step = interactive ? Math.floor(share * 40) : Math.floor(share * 4);
    if (step === shown) return;
    shown = step;
    const filled = Math.round(share * 30);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(30 - filled)}`;
    const line = `  ${label.padEnd(7)} ${bar} ${String(done).padStart(String(total).length)} / ${total} writes`;
    process.stdout.write(interactive ? `\r${line}${share === 1 ? '\n' : ''}` : `${line}\n`);
  };
}

export function table(rows: readonly Record<string, string | number>[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => String(row[column]).length)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   ')}`;
  console.log(styleText('dim', line(columns)));
  for (const row of rows) console.log(line(columns.map((column) => String(row[column]))));
}

let failed = 0;

/** Prints a claim of the story, and remembers if it is false. */
export function check(claim: string, holds: boolean, found?: unknown): void {
  if (!holds) failed++;
  const mark = holds ? styleText('green', '✓') : styleText('red', '✗');
  console.log(`  ${mark} ${claim}${holds || found === undefined ? '' : `: ${JSON.stringify(found)}`}`);
}

export function failures(): number {
  return failed;
}
