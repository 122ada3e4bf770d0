import type { Finding, Place } from '@whetstone/analyze';
import { formatBytes, formatCount, formatPercent, formatTime } from '@whetstone/profile';
import { isWaiting } from '../model/scope.ts';
import { stateMeanings, stateNames, states } from '../model/states.ts';
import { influenceTexts } from './influence.ts';
import { PlaceText } from './place-text.tsx';
import { Prose } from './prose.tsx';
import { SpentBar } from './spent-bar.tsx';
import { hasCounts, selectFunction, useSession, type Session } from './session.ts';

/** Rows of each list; the table has them all. */
const shownRows = 10;

interface Input {
  /** Of each list. */
  readonly rows?: number;
  /** Whether every finding is open, not only the first. */
  readonly open?: boolean;
}

/** The answer and its evidence on one page. */
export function Overview({ rows = shownRows, open = false }: Input) {
  return (
    <div class="overview">
      <Findings open={open} />
      <HottestLines rows={rows} />
      <HottestFunctions rows={rows} />
      <MemoryLines rows={rows} />
      <Waits />
      <Threads rows={rows} />
      <Notes />
    </div>
  );
}

function Findings({ open }: { readonly open: boolean }) {
  const { report } = useSession().opened;
  if (report.findings.length === 0) return null;
  return (
    <section>
      <h2>Why, and what to try</h2>
      {report.findings.map((finding, i) => (
        <FindingRow key={`${finding.id} ${i}`} finding={finding} open={open || i === 0} />
      ))}
    </section>
  );
}

function FindingRow({ finding, open }: { readonly finding: Finding; readonly open: boolean }) {
  const session = useSession();
  return (
    <details class="finding" open={open}>
      <summary>
        <span class="finding-title">{finding.title}</span>
        <span class="muted finding-facts">
          {finding.confidence}
          {finding.gainAtMost !== null && ` · gain at most ${formatPercent(finding.gainAtMost)}`}
        </span>
      </summary>
      <Prose text={finding.text} />
      {finding.suggestions.length > 0 && (
        <ul class="try">
          {finding.suggestions.map((suggestion) => (
            <li key={suggestion}>
              <Prose text={suggestion} inline />
            </li>
          ))}
        </ul>
      )}
      {finding.where !== null && <PlaceLink place={finding.where} session={session} />}
    </details>
  );
}

/** A place in a report as a link into the source view, where the profile knows the file. */
function PlaceLink({ place, session }: { readonly place: Place; readonly session: Session }) {
  const text = `${place.file}${place.line > 0 ? `:${place.line}` : ''}`;
  const file = fileNamed(session, place.file);
  if (file < 0) return <span class="place">{text}</span>;
  return (
    <button
      type="button"
      class="link place"
      onClick={() => session.store.show({ view: 'source', file, line: place.line })}
    >
      <PlaceText text={text} />
    </button>
  );
}

/** String of a file that a report names: relative to the working directory, or in full. */
function fileNamed({ opened }: Session, file: string): number {
  const full = `${opened.about.workingDirectory.replace(/[\\/]$/, '')}/${file}`;
  const at = opened.strings.indexOf(full);
  return at >= 0 ? at : file === '' ? -1 : opened.strings.indexOf(file);
}

function HottestLines({ rows: wanted }: { readonly rows: number }) {
  const session = useSession();
  const { view, names, found, opened } = session;
  const { lines } = view;
  const computing = computingTime(session);
  const counted = hasCounts(session);
  const rows: number[] = [];
  for (let i = 0; i < lines.self.length && rows.length < wanted && lines.self[i]! > 0; i++) {
    if (found === null || found.functions[lines.function[i]!] === 1) rows.push(i);
  }
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>Hottest lines</h2>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">line</th>
            <th scope="col" class="wide">
              source
            </th>
            <th scope="col" class="number">
              self
            </th>
            <th scope="col" class="number">
              %
            </th>
            {opened.states && <th scope="col">spent on</th>}
            {counted && (
              <th scope="col" class="number">
                hits
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((i) => {
            const fn = lines.function[i]!;
            const place = names.place(fn, lines.line[i]!);
            return (
              <tr key={i}>
                <td class="place-cell">
                  <button
                    type="button"
                    class="link place"
                    title={`${names.path(names.fileOf(fn))}:${lines.line[i]!}`}
                    onClick={() =>
                      session.store.show({
                        view: 'source',
                        function: fn,
                        node: -1,
                        file: names.fileOf(fn),
                        line: lines.line[i]!,
                      })
                    }
                  >
                    <PlaceText text={place} />
                  </button>
                </td>
                <td class="wide">
                  <code class="source-text">{(view.lineTexts[i] ?? '').trim()}</code>
                </td>
                <td class="number">{formatTime(lines.self[i]!)}</td>
                <td class="number share">
                  <Share part={lines.self[i]! / computing} />
                </td>
                {opened.states && (
                  <td>
                    <SpentBar times={lines.states} row={i} />
                  </td>
                )}
                {counted && <td class="number">{known(lines.hits[i]!, formatCount)}</td>}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function HottestFunctions({ rows }: { readonly rows: number }) {
  const session = useSession();
  const { view, names, store, found, opened } = session;
  const { self, total, calls, states } = view.figures;
  const computing = computingTime(session);
  const counted = hasCounts(session);
  const order = Array.from(self, (_, fn) => fn)
    .filter(
      (fn) =>
        self[fn]! > 0 && !isWaiting(names.category(fn)) && (found === null || found.functions[fn] === 1),
    )
    .toSorted((a, b) => self[b]! - self[a]!)
    .slice(0, rows);
  if (order.length === 0) return null;
  return (
    <section>
      <h2>Functions</h2>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col" class="wide">
              function
            </th>
            {counted && (
              <th scope="col" class="number">
                calls
              </th>
            )}
            <th scope="col" class="number">
              self
            </th>
            <th scope="col" class="number">
              %
            </th>
            <th scope="col" class="number">
              total
            </th>
            {opened.states && <th scope="col">spent on</th>}
            <th scope="col">place</th>
          </tr>
        </thead>
        <tbody>
          {order.map((fn) => (
            <tr key={fn}>
              <td class="wide">
                <button type="button" class="link" onClick={() => selectFunction(session, fn)}>
                  {names.function(fn)}
                </button>
              </td>
              {counted && <td class="number">{known(calls[fn]!, formatCount)}</td>}
              <td class="number">{formatTime(self[fn]!)}</td>
              <td class="number share">
                <Share part={self[fn]! / computing} />
              </td>
              <td class="number">{formatTime(total[fn]!)}</td>
              {opened.states && (
                <td>
                  <SpentBar times={states} row={fn} />
                </td>
              )}
              <td class="place-cell">
                <span class="place muted" title={names.path(names.fileOf(fn))}>
                  <PlaceText text={names.place(fn)} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        <button type="button" class="link" onClick={() => store.show({ view: 'table' })}>
          All functions
        </button>
      </p>
    </section>
  );
}

function MemoryLines({ rows }: { readonly rows: number }) {
  const session = useSession();
  const { memory } = session.opened.report;
  if (memory.length === 0) return null;
  const measured = memory.some(({ allocated }) => allocated !== null);
  return (
    <section>
      <h2>Memory by line, of the whole run</h2>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">line</th>
            <th scope="col" class="wide">
              source
            </th>
            <th
              scope="col"
              class="number"
              title="By how much the resident memory of the process grew while the line ran, by samples"
            >
              grew by
            </th>
            {measured && (
              <th scope="col" class="number">
                allocated
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {memory.slice(0, rows).map((line, i) => (
            <tr key={i}>
              <td class="place-cell">
                <PlaceLink place={line} session={session} />
              </td>
              <td class="wide">
                <code class="source-text">{(line.text ?? '').trim()}</code>
              </td>
              <td class="number">{line.resident === null ? '' : formatBytes(line.resident)}</td>
              {measured && (
                <td class="number">{line.allocated === null ? '' : formatBytes(line.allocated)}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Waits() {
  const session = useSession();
  const { report } = session.opened;
  if (report.waits.length === 0) return null;
  return (
    <section>
      <h2>Waits of the whole run</h2>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col" class="wide">
              what
            </th>
            <th scope="col" class="number">
              count
            </th>
            <th scope="col" class="number" title="Between asking and answer, added up; waits may overlap">
              time
            </th>
            <th scope="col" class="number" title="The part of the thread's sleep that this wait explains">
              of the sleep
            </th>
            <th scope="col">place</th>
          </tr>
        </thead>
        <tbody>
          {report.waits.slice(0, shownRows).map((wait, i) => (
            <tr key={i}>
              <td class="wide">
                {wait.kind}
                {wait.target !== null && wait.target !== '' && <span class="muted"> {wait.target}</span>}
              </td>
              <td class="number">{formatCount(wait.count)}</td>
              <td class="number">{formatTime(wait.time)}</td>
              <td class="number">{formatTime(wait.charged)}</td>
              <td class="place-cell">
                <PlaceLink place={wait} session={session} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Processes and threads, the main thread and then by what they computed; a name chooses one for all views. */
function Threads({ rows }: { readonly rows: number }) {
  const { opened, store, address } = useSession();
  const { threads } = opened.report;
  if (threads.length < 2) return null;
  const processes = new Set(threads.map(({ process }) => process)).size > 1;
  const shown = states.filter((state) => threads.some((thread) => (thread.states[state] ?? 0) > 0));
  const order = threads
    .map((thread, i) => ({ thread, i }))
    .toSorted((a, b) => (a.i === 0 ? -1 : b.i === 0 ? 1 : (b.thread.cpu ?? 0) - (a.thread.cpu ?? 0)))
    .slice(0, rows);
  return (
    <section>
      <h2>{processes ? 'Processes and threads' : 'Threads'}</h2>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col" class="wide">
              thread
            </th>
            {processes && (
              <th scope="col" class="number">
                process
              </th>
            )}
            <th scope="col" class="number">
              computing
            </th>
            {shown.length > 0 ? (
              shown.map((state) => (
                <th key={state} scope="col" class="number" title={stateMeanings[state]}>
                  {state === 'lock' ? 'lock' : stateNames[state]}
                </th>
              ))
            ) : (
              <>
                <th scope="col" class="number">
                  queueing
                </th>
                <th scope="col" class="number">
                  asleep
                </th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {order.map(({ thread, i }) => (
            <tr key={i} aria-current={i === address.thread ? 'true' : undefined}>
              <td class="wide">
                <button
                  type="button"
                  class="link"
                  onClick={() => store.show({ thread: i, zoom: -1, range: null })}
                >
                  {thread.name || `thread ${thread.thread}`}
                </button>
              </td>
              {processes && <td class="number">{thread.process}</td>}
              <td class="number">{formatTime(thread.cpu)}</td>
              {shown.length > 0 ? (
                shown.map((state) => (
                  <td key={state} class="number">
                    {Object.keys(thread.states).length > 0 ? formatTime(thread.states[state] ?? 0) : ''}
                  </td>
                ))
              ) : (
                <>
                  <td class="number">{formatTime(thread.queued)}</td>
                  <td class="number">{formatTime(thread.asleep)}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Circumstances that limit what the figures mean. */
function Notes() {
  const { report, about } = useSession().opened;
  const influence = influenceTexts(about);
  return (
    <section>
      <h2>About these figures</h2>
      <dl class="facts">
        {about.command.length > 0 && (
          <>
            <dt>Command</dt>
            <dd>
              <code>{about.command.join(' ')}</code>
            </dd>
          </>
        )}
        {about.runtime.version !== '' && (
          <>
            <dt>Runtime</dt>
            <dd>
              {about.runtime.name} {about.runtime.version}
            </dd>
          </>
        )}
        {about.machine.cores > 0 && (
          <>
            <dt>Machine</dt>
            <dd>
              {about.machine.processor}, {about.machine.cores} cores, {about.machine.system}
            </dd>
          </>
        )}
        <dt>Samples</dt>
        <dd>
          {formatCount(report.samples.taken)} taken, {formatCount(report.samples.rejected)} rejected, one
          every {formatTime(about.interval)}
        </dd>
        {influence !== null && (
          <>
            <dt>Slowdown</dt>
            <dd>{influence.long}</dd>
          </>
        )}
      </dl>
      {report.warnings.map(({ code, message }) => (
        <p key={code + message} class="warning">
          {message}
        </p>
      ))}
    </section>
  );
}

/** A share as a bar of its length and a number. */
export function Share({ part }: { readonly part: number }) {
  return (
    <>
      <span class="share-track" aria-hidden="true">
        <span style={{ width: `${Math.min(100, part * 100)}%` }} />
      </span>
      <span class="share-text">{formatPercent(part).replace(' %', '')}</span>
    </>
  );
}

/** A figure, or nothing where it was not counted. */
export function known(value: number, format: (value: number) => string): string {
  return Number.isNaN(value) ? '' : format(value);
}

/** Time of the view that was not waiting: what shares of computing are shares of. */
export function computingTime({ view }: Pick<Session, 'view'>): number {
  return view.busy[0] ?? 0;
}
