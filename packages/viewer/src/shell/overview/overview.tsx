import { Findings } from './findings.tsx';
import { HottestFunctions } from './hottest-functions.tsx';
import { HottestLines } from './hottest-lines.tsx';
import { MemoryLines } from './memory-lines.tsx';
import { Notes } from './notes.tsx';
import { Threads } from './threads.tsx';
import { Waits } from './waits.tsx';

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
      <Waits rows={shownRows} />
      <Threads rows={rows} />
      <Notes />
    </div>
  );
}
