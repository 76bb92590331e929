// Two kinds of charts as SVG. They are readable on light and dark pages: they have no background, and their colours
// follow the reader's colour scheme.

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.soft { fill: #59636e; font-size: 12px; }
.grid { stroke: #8c959f; stroke-opacity: 0.35; }
.ours { fill: #1a7f37; stroke: #1a7f37; }
.usual { fill: #8c959f; stroke: #8c959f; }
.floor { fill: #0969da; stroke: #0969da; }
.line { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .soft { fill: #9198a1; }
  .ours { fill: #3fb950; stroke: #3fb950; }
  .floor { fill: #4493f8; stroke: #4493f8; }
}
</style>`;

export type Colour = 'ours' | 'usual' | 'floor';

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly colour: Colour;
}

/** Horizontal bars on a logarithmic scale, each with its label above it. */
export function barChart(title: string, note: string, bars: readonly Bar[]): string {
  const width = 720;
  const barsFrom = 64;
  const step = 40;
  const longest = 500;
  const lowest = Math.min(...bars.map(({ value }) => value)) / 2;
  const highest = Math.max(...bars.map(({ value }) => value));
  const length = (value: number): number => (Math.log(value / lowest) / Math.log(highest / lowest)) * longest;
  const rows = bars.map(({ label, value, text, colour }, index) => {
    const y = barsFrom + index * step;
    const end = length(value).toFixed(1);
    return `<text x="0" y="${y + 12}">${escaped(label)}</text>
<rect class="${colour}" x="0" y="${y + 18}" width="${end}" height="12" rx="2"/>
<text class="soft" x="${Number(end) + 8}" y="${y + 29}">${escaped(text)}</text>`;
  });
  return svg(width, barsFrom + bars.length * step, title, [heading(title, note), ...rows]);
}

export interface Line {
  readonly label: string;
  readonly colour: Colour;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Lines on two logarithmic scales: linear growth is a straight line that rises by one decade per decade. */
export function logLogChart(
  title: string,
  note: string,
  lines: readonly Line[],
  { x: nameX, y: nameY }: { readonly x: (value: number) => string; readonly y: (value: number) => string },
): string {
  const [width, height, left, top] = [720, 420, 70, 64];
  const [right, bottom] = [width - 190, height - 40];
  const decades = (values: readonly number[]): [number, number] => [
    Math.floor(Math.log10(Math.min(...values))),
    Math.ceil(Math.log10(Math.max(...values))),
  ];
  const all = lines.flatMap(({ points }) => points);
  const [fromX, toX] = decades(all.map(([x]) => x));
  const [fromY, toY] = decades(all.map(([, y]) => y));
  const atX = (x: number): number => left + ((Math.log10(x) - fromX) / (toX - fromX)) * (right - left);
  const atY = (y: number): number => bottom - ((Math.log10(y) - fromY) / (toY - fromY)) * (bottom - top);
  const grid: string[] = [];
  for (let decade = fromX; decade <= toX; decade++) {
    const x = atX(10 ** decade).toFixed(1);
    grid.push(`<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>`);
    grid.push(
      `<text class="soft" x="${x}" y="${bottom + 20}" text-anchor="middle">${nameX(10 ** decade)}</text>`,
    );
  }
  for (let decade = fromY; decade <= toY; decade++) {
    const y = atY(10 ** decade).toFixed(1);
    grid.push(`<line class="grid" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/>`);
    grid.push(
      `<text class="soft" x="${left - 8}" y="${Number(y) + 4}" text-anchor="end">${nameY(10 ** decade)}</text>`,
    );
  }
  const drawn = lines.map(({ label, colour, points }) => {
    const at = points.map(([x, y]) => `${atX(x).toFixed(1)},${atY(y).toFixed(1)}`);
    const [lastX = 0, lastY = 0] = points[points.length - 1] ?? [];
    const dots = at.map(
      (point) => `<circle class="${colour}" cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="3"/>`,
    );
    return `<polyline class="line ${colour}" style="fill: none" points="${at.join(' ')}"/>${dots.join('')}
<text x="${atX(lastX) + 10}" y="${atY(lastY) + 4}">${escaped(label)}</text>`;
  });
  return svg(width, height, title, [heading(title, note), ...grid, ...drawn]);
}

function heading(title: string, note: string): string {
  return `<text x="0" y="18" style="font-weight: 600">${escaped(title)}</text>
<text class="soft" x="0" y="38">${escaped(note)}</text>`;
}

function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escaped(title)}">
${STYLE}
${parts.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
