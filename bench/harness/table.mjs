// A table of figures with their limits, and what it means for the exit code.

/** The columns of a benchmark of cost; others may be given. */
export const costColumns = ['name', 'limit', 'measured', 'interval'];

/**
 * Prints rows as they come, each with its verdict; a row is an object with a text for each column and `ok`:
 * true, false, or null for a row that has no limit.
 *
 * @returns `add(row)`, and `exitCode()`, which is 1 if a row was over.
 */
export function openTable(columns = costColumns, widths = {}) {
  const width = (column) => widths[column] ?? (column === 'name' ? 46 : 14);
  const line = (cells) => `${cells.join('  ').trimEnd()}\n`;
  const cell = (column, text) =>
    column === 'name' ? text.padEnd(width(column)) : text.padStart(width(column));
  process.stdout.write(line([...columns.map((column) => cell(column, column)), '']));
  process.stdout.write(line([...columns.map((column) => '-'.repeat(width(column))), '----']));
  let over = 0;
  return {
    add(row) {
      if (row.ok === false) over++;
      const verdict = row.ok === null || row.ok === undefined ? '' : row.ok ? 'ok' : 'over';
      process.stdout.write(
        line([...columns.map((column) => cell(column, String(row[column] ?? ''))), verdict]),
      );
    },
    heading(text) {
      process.stdout.write(`\n${text}\n`);
    },
    exitCode: () => (over > 0 ? 1 : 0),
  };
}

/** `1.04×`. */
export const ratio = (value) => `${value.toFixed(2)}×`;

/** `1.01 … 1.07×`. */
export const ratioInterval = ({ low, high }) => `${low.toFixed(2)} … ${high.toFixed(2)}×`;

/** `34.1 %`. */
export const percent = (share) => `${(share * 100).toFixed(1)} %`;

/** `2,692,537`. */
export const count = (value) => (value === null || value === undefined ? '?' : value.toLocaleString('en-US'));

/** Milliseconds: `412 ms`. */
export const milliseconds = (value) => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
