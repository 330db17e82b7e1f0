// Tables and numbers as text that reads well both in a terminal and as markdown.
// Knows nothing of what is in them.

/** A markdown table; `columns` are titles, one that ends in `>` stands at the right. */
export function table(columns, rows) {
  const right = columns.map((title) => title.endsWith('>'));
  const titles = columns.map((title) => title.replace(/>$/, ''));
  const cells = rows.map((row) => row.map((cell) => String(cell ?? '–')));
  const widths = titles.map((title, n) => Math.max(3, title.length, ...cells.map((row) => row[n].length)));
  const line = (row) => `| ${row.map((cell, n) => (right[n] ? cell.padStart(widths[n]) : cell.padEnd(widths[n]))).join(' | ')} |`;
  const rule = `|${widths.map((width, n) => (right[n] ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  return [line(titles), rule, ...cells.map(line)].join('\n');
}

/** A number with three significant digits, thousands apart: 12,345 · 123 · 12.3 · 1.23. */
export function number(value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Microseconds in the unit that fits. */
export function time(microseconds) {
  if (microseconds === undefined || Number.isNaN(microseconds)) return '–';
  if (microseconds < 1000) return `${number(microseconds)} µs`;
  if (microseconds < 1_000_000) return `${number(microseconds / 1000)} ms`;
  return `${number(microseconds / 1_000_000)} s`;
}

/** Bytes as megabytes (2^20). */
export function megabytes(bytes) {
  return bytes === undefined ? '–' : `${number(bytes / (1 << 20))} MB`;
}
