import { definePlugin, hookSpecs, type Optional, type Plugin } from '@whetstone/hooks';
import type { Finding, RunReport } from '@whetstone/analyze';
import type { Format, Profile } from '@whetstone/profile';
import type { AttachOptions, Recording, RecordOptions, Target } from '@whetstone/record';
import type { View } from './terminal/view.ts';

/**
 * Everything that Whetstone does by plugins; its own formats, recorders, analyses and reports are plugins too.
 *
 * Times are microseconds from the start of the program, memory is bytes, shares are 0 to 1. Every hook may
 * answer by a promise, and `undefined` is no answer. The plugin registered last is asked first.
 */
export interface Hooks {
  /** File formats: `matches` and `read` take a file's bytes, `write` gives them in pieces; the first of a name counts. */
  formats(): readonly Format[];
  /** Runs the target to its end with the caller's own streams, and returns its profile and how it ended; the first answer counts. */
  recordTarget(args: { readonly target: Target; readonly options: RecordOptions }): Recording | undefined;
  /** Measures a running process (`process` is its number) and leaves it alive; the first answer counts. */
  recordProcess(args: { readonly process: number; readonly options: AttachOptions }): Recording | undefined;
  /** Causes that a profile shows, the largest gain first; `report` is the profile's own, without findings. They come after those of Whetstone. */
  findings(args: { readonly profile: Profile; readonly report: RunReport }): readonly Finding[];
  /** Ways to show a report: `--report NAME=FILE` writes them; the first of a name counts. */
  reports(): readonly ReportKind[];
}

/** One way to show a report. */
export interface ReportKind {
  /** `terminal`, `explanation`, `json` and `html` are those that the command itself asks for. */
  readonly name: string;
  /** The whole text, as it is printed or written. */
  render(shown: Shown): string | Promise<string>;
}

/** What is shown, and how. */
export interface Shown {
  readonly profile: Profile;
  /** With the findings of all plugins. */
  readonly report: RunReport;
  /** What the terminal can show, and what the command line asked for. */
  readonly view: View;
}

/** The hooks with how each is called. */
export const hooks = hookSpecs<Hooks>()({
  formats: { async: true },
  recordTarget: { async: true, firstResult: true },
  recordProcess: { async: true, firstResult: true },
  findings: { async: true },
  reports: { async: true },
});

/** A plugin of Whetstone: a name, and the hooks that it answers. */
export type WhetstonePlugin = Plugin<typeof hooks>;

/** Checks a plugin where it is written, and infers its arguments; it returns what it was given. */
export function whetstonePlugin<const P extends WhetstonePlugin>(
  plugin: P & { [K in Exclude<keyof P, keyof Hooks | 'name'>]: Optional },
): P {
  return definePlugin<typeof hooks, P>(hooks, plugin);
}
