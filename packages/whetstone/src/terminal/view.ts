import type { FunctionLines, Relatives } from '@whetstone/analyze';

/** By what the table of functions is sorted, most first; `name` and `file` from A on. */
export const sortKeys = ['self', 'total', 'calls', 'per-call', 'gain', 'name', 'file'] as const;
export type SortKey = (typeof sortKeys)[number];

/** How and how much of a report is shown. The caller has decided about `NO_COLOR`, `FORCE_COLOR` and the locale. */
export interface View {
  /** No line is longer. */
  readonly columns: number;
  readonly colour: boolean;
  /** False: nothing but ASCII is printed. */
  readonly unicode: boolean;
  /** `self` if left out. */
  readonly sort?: SortKey;
  /** Rows of each table. */
  readonly top?: number;
  /** Paths, beginnings of paths or patterns; see `pathFilter`. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** `--counts` was given: then the last line need not name it. */
  readonly counts?: boolean;
  /** `--myths` was given: `explain` names rules that gain nothing on the runtime at hand. */
  readonly myths?: boolean;
  /** Asked for by name; they take the place of the tables of lines and functions. */
  readonly callers?: Relatives | null;
  readonly callees?: Relatives | null;
  readonly lines?: readonly FunctionLines[];
  /** What to say of names that were asked for and of which there is nothing to show. */
  readonly missing?: readonly string[];
}
