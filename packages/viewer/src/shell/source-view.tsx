import { formatTime } from '@whetstone/profile';
import { useEffect, useMemo } from 'preact/hooks';
import { Code } from './code.tsx';
import { FigureTable } from './figure-table.tsx';
import { Link } from './link.tsx';
import { PlaceText } from './place-text.tsx';
import { hasCounts, useSession, type Session } from './session.ts';
import { useRows } from './use-rows.ts';
import { useSource } from './use-source.ts';

const lineHeight = 20;
/** Files in the list; the rest is found by search. */
const listedFiles = 200;

/** A file with its time line by line, and the files by their time. */
export function SourceView() {
  const session = useSession();
  const { names, store, found, opened } = session;
  const files = useMemo(() => filesByTime(session), [session.view]);
  const file = shownFile(session, files);
  const source = useSource(file);
  const listed = files
    .filter(({ file: candidate }) => {
      if (found === null) return true;
      for (let fn = 0; fn < found.functions.length; fn++) {
        if (found.functions[fn] === 1 && opened.functions.file[fn] === candidate) return true;
      }
      return false;
    })
    .slice(0, listedFiles);
  const show = (next: number) => store.show({ file: next, line: 0 });
  return (
    <div class="source">
      <nav class="files" aria-label="Files by self time">
        {listed.map(({ file: candidate, self }) => (
          <button
            key={candidate}
            type="button"
            class="file"
            aria-current={candidate === file ? 'true' : undefined}
            title={names.path(candidate)}
            onClick={() => show(candidate)}
          >
            <span class="cut file-name">
              <PlaceText text={names.file(candidate)} />
            </span>
            <span class="number">{formatTime(self)}</span>
          </button>
        ))}
        {listed.length === 0 && <p class="muted">No file fits the search.</p>}
      </nav>
      <select
        class="file-choice"
        aria-label="File"
        value={String(file)}
        onChange={(event) => show(Number(event.currentTarget.value))}
      >
        {listed.map(({ file: candidate, self }) => (
          <option key={candidate} value={String(candidate)}>
            {names.file(candidate)} · {formatTime(self)}
          </option>
        ))}
      </select>
      {source === null ? (
        <div class="message">{file < 0 ? 'No line of a file took time here.' : 'Loading the source…'}</div>
      ) : source.lines === null ? (
        <Without session={session} file={file} why={source.note} />
      ) : (
        <Lines key={file} session={session} file={file} lines={source.lines} note={source.note} />
      )}
    </div>
  );
}

interface LinesInput {
  readonly session: Session;
  readonly file: number;
  readonly lines: readonly string[];
  readonly note: string;
}

function Lines({ session, file, lines, note }: LinesInput) {
  const { address, view, names } = session;
  const visible = useRows(lines.length, lineHeight);
  const wanted = wantedLine(session, file);
  useEffect(() => visible.reveal(wanted - 1), [wanted]);
  const hot = useMemo(() => hotLinesOf(session, file), [view, file]);
  return (
    <div class="lines">
      <p class="file-head">
        <span class="cut" title={names.path(file)}>
          {names.file(file)}
        </span>
        {hot.length > 0 && (
          <Link title="Next hot line (h)" id="next-hot-line" to={{ file, line: nextHot(hot, address.line) }}>
            next hot line
          </Link>
        )}
      </p>
      {note !== '' && <p class="message-line muted">{note}</p>}
      <div class="code-heads" aria-hidden="true">
        {hasCounts(session) && <span class="code-figure code-hits">hits</span>}
        <span class="code-figure">self</span>
        {session.opened.states && <span class="code-spent">spent on</span>}
      </div>
      <div
        class="lines-body"
        ref={visible.scroller}
        tabIndex={0}
        role="region"
        aria-label={`Source of ${names.file(file)}`}
      >
        <div class="lines-space" style={{ height: `${lines.length * lineHeight}px` }}>
          <div style={{ transform: `translateY(${visible.first * lineHeight}px)` }}>
            <Code file={file} lines={lines} from={visible.first + 1} to={visible.end} figures="all" />
          </div>
        </div>
      </div>
    </div>
  );
}

/** A file without text: its lines' figures alone. */
function Without({
  session,
  file,
  why,
}: {
  readonly session: Session;
  readonly file: number;
  readonly why: string;
}) {
  const { view, names, opened } = session;
  const rows: { line: number; self: number; fn: number }[] = [];
  for (let i = 0; i < view.lines.line.length && rows.length < 200; i++) {
    const fn = view.lines.function[i]!;
    if (opened.functions.file[fn] === file && view.lines.self[i]! > 0) {
      rows.push({ line: view.lines.line[i]!, self: view.lines.self[i]!, fn });
    }
  }
  return (
    <div class="lines without">
      <p class="file-head">
        <span class="cut" title={names.path(file)}>
          {names.file(file)}
        </span>
      </p>
      <p class="message-line muted">The text of this file is not there. {why}</p>
      {rows.length > 0 && (
        <FigureTable
          rows={rows}
          columns={[
            { kind: 'number', title: 'line', cell: ({ line }) => line },
            { kind: 'number', title: 'self', cell: ({ self }) => formatTime(self) },
            { kind: 'wide', title: 'function', cell: ({ fn }) => names.function(fn) },
          ]}
        />
      )}
    </div>
  );
}

interface FileTime {
  readonly file: number;
  readonly self: number;
}

/** Files by the self time of their functions, most first. */
function filesByTime({ view, opened, names }: Session): FileTime[] {
  const sums = new Map<number, number>();
  view.figures.self.forEach((self, fn) => {
    const file = opened.functions.file[fn]!;
    if (self > 0 && names.path(file) !== '') sums.set(file, (sums.get(file) ?? 0) + self);
  });
  return [...sums].map(([file, self]) => ({ file, self })).toSorted((a, b) => b.self - a.self);
}

/** The file that the address asks for, else the selected function's, else the hottest one whose text is there. */
function shownFile({ address, names, opened }: Session, files: readonly FileTime[]): number {
  if (address.file >= 0 && address.file < opened.strings.length) return address.file;
  const selected = address.function < opened.functions.name.length ? names.fileOf(address.function) : -1;
  if (selected >= 0 && names.path(selected) !== '') return selected;
  return (files.find(({ file }) => opened.sources.includes(file)) ?? files[0])?.file ?? -1;
}

/** The line to show: that of the address, else the selected function's first, else the file's hottest. */
function wantedLine(session: Session, file: number): number {
  const { address, names, opened } = session;
  if (address.line > 0) return address.line;
  if (address.function >= 0 && names.fileOf(address.function) === file) {
    return opened.functions.line[address.function]!;
  }
  return hotLinesOf(session, file)[0] ?? 1;
}

/** Lines of a file that took time, the hottest first. */
function hotLinesOf({ view, opened }: Session, file: number): number[] {
  const lines: number[] = [];
  for (let i = 0; i < view.lines.line.length; i++) {
    if (view.lines.self[i]! <= 0) break;
    if (opened.functions.file[view.lines.function[i]!] === file) lines.push(view.lines.line[i]!);
  }
  return lines;
}

/** The line after the current one by heat; the hottest after the last. */
function nextHot(hot: readonly number[], line: number): number {
  return hot[(hot.indexOf(line) + 1) % hot.length]!;
}
