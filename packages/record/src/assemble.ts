import {
  ProfileBuilder,
  type Influence,
  type Profile,
  type ProfileAbout,
  type ProfileWarning,
} from '@whetstone/profile';
import { aboutOf } from './node/assemble-about.ts';
import { otherProcesses, threadRow, withoutCompilers } from './node/assemble-threads.ts';
import { addNode } from './node/assemble.ts';
import { addPython } from './python/assemble-python.ts';
import type { FurtherRuns, RawRecording } from './recording.ts';

/** What only the caller of {@link assemble} knows. */
export interface AssembleOptions {
  /** Keep the sources' text. */
  readonly sources: boolean;
  readonly modes: ProfileAbout['modes'];
  readonly influence: Influence;
  readonly readText: (path: string) => string | null;
  /** Where our own code lies that ran inside the program; more than one where parts of it are generated. */
  readonly agentFolder: string | readonly string[];
  /** Of the working directory, if it is under git. */
  readonly revision: string | null;
  /** What the recorder has to say besides. */
  readonly warnings?: readonly ProfileWarning[];
}

/** Makes what one run left behind, and what further ones saw, into a profile; pure but for `readText`. */
export function assemble(whole: RawRecording, further: FurtherRuns, options: AssembleOptions): Profile {
  const raw = withoutCompilers(whole);
  const builder = new ProfileBuilder();
  const warnings = [...raw.warnings, ...(options.warnings ?? [])];
  if (raw.runtime.name === 'node' || raw.python === null) {
    warnings.push(...addNode(raw, further, options, builder));
    if (raw.python !== null) warnings.push(...addPython(raw, raw.python, further, options, builder));
  } else {
    warnings.push(...addPython(raw, raw.python, further, options, builder));
    if (raw.threads.length > 0) warnings.push(...addNode(raw, further, options, builder));
  }
  for (const known of otherProcesses(raw)) builder.addThread(threadRow(known, raw, 0));
  return builder.build(aboutOf(raw, options.modes, options.influence, options.revision, unique(warnings)));
}

function unique(warnings: readonly ProfileWarning[]): ProfileWarning[] {
  return [...new Map(warnings.map((warning) => [`${warning.code}\n${warning.message}`, warning])).values()];
}
