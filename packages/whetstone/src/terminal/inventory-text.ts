import type { DeclarationStatus, Inventory, InventoryRow } from '@whetstone/pack';
import { formatBytes, formatCount } from '@whetstone/profile';
import { type Pen, penFor } from './pen.ts';
import { type Column, tableLines } from './table.ts';
import { cutMiddle, wrapped } from './text-width.ts';
import type { View } from './view.ts';

/** Blanks before every line. */
const margin = '  ';

const titles: Readonly<Record<Exclude<DeclarationStatus, 'same'>, string>> = {
  differs: 'CONTENT DIFFERS',
  undeclared: 'DECLARED BY NOBODY',
  unchecked: 'COULD NOT BE COMPARED',
  list: 'LISTS, WHICH OTHERS WERE COMPARED WITH',
};

/** An inventory for people: the answer in a sentence, what is conspicuous with its reason, whose the files are. */
export function inventoryText(
  found: Inventory,
  view: Pick<View, 'columns' | 'colour' | 'unicode'>,
  { short }: { readonly short: boolean },
): string {
  const pen = penFor(view);
  const width = view.columns - margin.length;
  const { rows } = found;
  const lines = [...wrapped(pen.safe(answer(found)), width), ''];
  for (const status of ['differs', 'undeclared', 'unchecked', 'list'] as const) {
    const those = rows.filter((row) => row.status === status);
    if (those.length === 0) continue;
    lines.push(pen.paint('strong', titles[status]));
    for (const [why, files] of byReason(those)) {
      lines.push(...wrapped(pen.safe(why), width));
      for (const file of files)
        lines.push(margin + cutMiddle(pen.safe(file), width - margin.length, pen.glyphs.ellipsis));
    }
    lines.push('');
  }
  lines.push(...tableLines(packageColumns(rows, pen), width, pen));
  const same = rows.filter(({ status }) => status === 'same');
  if (!short && same.length > 0) {
    const owners = same.map((row) => pen.safe(ownerOf(row)));
    const sizes = same.map(({ size }) => formatBytes(size));
    lines.push(
      '',
      ...tableLines(
        [
          fileColumn('AS DECLARED', same, pen),
          { title: 'package', cells: owners, align: 'left', keep: 2, cut: { part: 'end', least: 14 } },
          { title: 'by', cells: same.map(({ by }) => by ?? ''), align: 'left', keep: 1 },
          { title: 'size', cells: sizes, align: 'right', keep: 0 },
        ],
        width,
        pen,
      ),
    );
  }
  return `${lines.map((line) => (line === '' ? '' : margin + line)).join('\n')}\n`;
}

function answer({ of, name, counts, rows }: Inventory): string {
  const { differs, undeclared, unchecked } = counts;
  const files = `${formatCount(rows.length)} ${rows.length === 1 ? 'file' : 'files'}`;
  const where = of === 'build' ? `that a build of ${name} packs` : `in ${name}`;
  if (rows.length === 0) return `There are no files ${where}.`;
  const found = [
    ...(differs > 0
      ? [`${formatCount(differs)} ${differs === 1 ? 'differs' : 'differ'} from what was declared`]
      : []),
    ...(undeclared > 0
      ? [`${formatCount(undeclared)} ${undeclared === 1 ? 'was' : 'were'} declared by nobody`]
      : []),
    ...(unchecked > 0 ? [`${formatCount(unchecked)} could not be compared`] : []),
  ];
  if (found.length === 0 && rows.length === 1) return `The one file ${where} is as it was declared.`;
  if (found.length === 0) return `Each of the ${files} ${where} is as it was declared.`;
  const last = found.pop()!;
  return `Of the ${files} ${where}, ${found.length > 0 ? `${found.join(', ')} and ` : ''}${last}.`;
}

function fileColumn(title: string, rows: readonly InventoryRow[], pen: Pen): Column {
  const cells = rows.map(({ path }) => pen.safe(path));
  return { title, cells, align: 'left', keep: 9, cut: { part: 'middle', least: 28 } };
}

/** Most files have their reason in common with others: it is said once. */
function byReason(rows: readonly InventoryRow[]): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const { path, why = '' } of rows) {
    const sentence = `${why[0]?.toUpperCase() ?? ''}${why.slice(1)}:`;
    const files = reasons.get(sentence);
    if (files) files.push(path);
    else reasons.set(sentence, [path]);
  }
  return reasons;
}

/** Whose files: a row for each package, those with something to look at first. */
function packageColumns(rows: readonly InventoryRow[], pen: Pen): Column[] {
  const groups = new Map<string, InventoryRow[]>();
  for (const row of rows) {
    const group = groups.get(ownerOf(row));
    if (group) group.push(row);
    else groups.set(ownerOf(row), [row]);
  }
  const owners = [...groups]
    .map(([owner, of]) => {
      const count = (status: DeclarationStatus) => of.filter((row) => row.status === status).length;
      const odd = count('differs') + count('undeclared') + count('unchecked');
      return { owner, files: of.length, same: count('same'), odd };
    })
    .toSorted((a, b) => b.odd - a.odd || b.files - a.files);
  const numbers = (title: string, keep: number, of: (one: (typeof owners)[number]) => number): Column => ({
    title,
    cells: owners.map((one) => formatCount(of(one))),
    align: 'right',
    keep,
  });
  return [
    {
      title: 'PACKAGES',
      cells: owners.map(({ owner }) => pen.safe(owner)),
      align: 'left',
      keep: 9,
      cut: { part: 'end', least: 20 },
    },
    numbers('files', 3, ({ files }) => files),
    numbers('as declared', 4, ({ same }) => same),
    numbers('to look at', 5, ({ odd }) => odd),
  ];
}

function ownerOf(row: InventoryRow): string {
  if (row.package) return `${row.package.name} ${row.package.version}`;
  return row.by === undefined ? 'unknown' : 'own';
}
