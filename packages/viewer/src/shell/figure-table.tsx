import type { ComponentChildren, HTMLAttributes } from 'preact';

/** A column of a {@link FigureTable}. */
export interface Column<Row> {
  readonly kind: keyof typeof classes;
  /** Columns without titles have no head. */
  readonly title?: string;
  /** What the figures mean, for the title's tooltip. */
  readonly meaning?: string;
  readonly cell: (row: Row) => ComponentChildren;
}

/** What a column holds, with the class of its cells. A table has one `wide` column, which takes the room. */
const classes = {
  /** Heads of the rows. */
  head: undefined,
  wide: 'wide',
  place: 'place-cell',
  number: 'number',
  share: 'number share',
  bar: undefined,
} as const;

interface Input<Row> {
  /** `false` is a column that is not there. */
  readonly columns: readonly (Column<Row> | false)[];
  readonly rows: readonly Row[];
  /** What a row is, where rows may move: its index if left out. */
  readonly keyOf?: (row: Row) => number;
  readonly attributes?: (row: Row) => HTMLAttributes<HTMLTableRowElement>;
  readonly class?: string;
}

/** A table of figures, from what its columns say of each row. */
export function FigureTable<Row>({ columns, rows, keyOf, attributes, class: name = '' }: Input<Row>) {
  const shown = columns.filter((column) => column !== false);
  return (
    <table class={`figures ${name}`.trim()}>
      {shown.some(({ title }) => title !== undefined) && (
        <thead>
          <tr>
            {shown.map(({ kind, title, meaning }) => (
              <th key={title} scope="col" class={classes[kind]} title={meaning}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
      )}
      <tbody>
        {rows.map((row, i) => (
          <tr key={keyOf?.(row) ?? i} {...attributes?.(row)}>
            {shown.map(({ kind, title, cell }) =>
              kind === 'head' ? (
                <th key={title} scope="row">
                  {cell(row)}
                </th>
              ) : (
                <td key={title} class={classes[kind]}>
                  {cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
