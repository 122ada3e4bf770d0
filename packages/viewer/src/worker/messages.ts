import type { Finding, RunReport } from '@whetstone/analyze';
import type { ProfileAbout, Thread } from '@whetstone/profile';
import type { Activity } from '../model/activity.ts';
import type { CallTree } from '../model/call-tree.ts';
import type { FunctionFigures } from '../model/function-figures.ts';
import type { LineFigures } from '../model/line-figures.ts';
import type { Neighbours } from '../model/neighbours.ts';
import type { Pyramid } from '../model/pyramid.ts';
import type { Scope } from '../model/scope.ts';

/** Where the profile and the report are: on the server that shows them, or in the page. */
export type DataPlace =
  | { readonly kind: 'addresses'; readonly profile: string; readonly report: string }
  | { readonly kind: 'texts'; readonly profile: string; readonly report: string };

/** What the page shows of a report; everything else it adds up from the profile, for any stretch of time. */
export interface ReportPart extends Pick<RunReport, 'time' | 'waits' | 'warnings'> {
  readonly headline: string;
  readonly findings: readonly Finding[];
  readonly samples: RunReport['about']['samples'];
  readonly threads: RunReport['threads'];
  /** Lines at which memory grew or was allocated, the most first. */
  readonly memory: RunReport['lines'];
}

/** What the colours of a picture tell: whose code it is, or what its time was spent on. */
export type Colours = 'code' | 'states';

/** What the page asks its worker, with a number that the answer repeats. */
export type Question =
  | { readonly kind: 'open'; readonly place: DataPlace }
  | { readonly kind: 'view'; readonly scope: Scope; readonly colours: Colours }
  | { readonly kind: 'neighbours'; readonly function: number }
  | { readonly kind: 'source'; readonly file: number };

/** What the worker answers to each kind of question. */
export interface Answers {
  readonly open: Opened;
  readonly view: View;
  readonly neighbours: Neighbours;
  readonly source: { readonly text: string | null };
}

/** What the page keeps of a profile: all but samples and call paths. */
export interface Opened {
  readonly report: ReportPart;
  readonly about: ProfileAbout;
  readonly threads: readonly Thread[];
  /** Whether samples in time order are there, for each thread. */
  readonly sampled: readonly boolean[];
  readonly strings: readonly string[];
  readonly functions: {
    readonly name: Int32Array;
    readonly file: Int32Array;
    readonly line: Int32Array;
    readonly lastLine: Int32Array;
    readonly category: Uint8Array;
  };
  /** Strings that name a file whose text the profile holds. */
  readonly sources: readonly number[];
  readonly nodes: number;
  /** Whether the profile tells what time was spent on. */
  readonly states: boolean;
}

/** What there is to see of a scope. */
export interface View {
  readonly scope: Scope;
  readonly colours: Colours;
  readonly tree: CallTree;
  readonly colour: Uint8Array;
  /** The part of each box that was computing. */
  readonly busy: Float64Array;
  readonly pyramid: Pyramid;
  readonly figures: FunctionFigures;
  readonly lines: LineFigures;
  /** The source of the first lines, where the profile has it. */
  readonly lineTexts: readonly (string | null)[];
  /** Of the thread, whatever the time range. */
  readonly activity: Activity;
}

/** What the worker sends. */
export type Reply =
  | { readonly kind: 'answer'; readonly number: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly number: number; readonly code: string; readonly message: string }
  | {
      readonly kind: 'progress';
      readonly done: number;
      readonly whole: number | null;
      readonly stage: string;
    };
