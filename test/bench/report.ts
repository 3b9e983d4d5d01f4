/** What both reports share: numbers, means, and a table. */

/** The number, rounded, with commas between its thousands. */
export const formatNumber = (value: number): string => Math.round(value).toLocaleString("en");

/** The value in the middle; of an even number of values the upper one. NaN when there is none. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** NaN when there is none. */
export function mean(values: number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum / values.length;
}

/** Prints rows of as many cells each: the first column aligned to the left, the others to the right. */
export function printTable(rows: string[][]): void {
  const [head = []] = rows;
  const widths = head.map((_, column) => widthOf(rows, column));
  for (const row of rows) {
    const cells = row.map((cell, column) => pad(cell, column, widths[column] ?? 0));
    console.log(`  ${cells.join("  ")}`);
  }
}

function widthOf(rows: string[][], column: number): number {
  const lengths = rows.map((row) => row[column]?.length ?? 0);
  return Math.max(...lengths);
}

function pad(cell: string, column: number, width: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
