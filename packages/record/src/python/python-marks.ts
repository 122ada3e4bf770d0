import type { Instrument } from '../instrument.ts';
import type { Target } from '../recording.ts';
import { makeTemporaryFolder, removeFolder } from '../temporary-folders.ts';
import { pythonMarksEnvironment, readPythonMarks } from './agent-marks.ts';
import { nothingSeen } from './python-sampling.ts';

/** Lets a Python program that imports `whetstone` find it, and takes what the program marks. */
export function pythonMarking(target: Target, workingDirectory: string): Instrument {
  const folder = makeTemporaryFolder();
  return {
    folder: null,
    prepare: ({ args, environment }) => ({
      args,
      environment: pythonMarksEnvironment(folder, environment, target, workingDirectory),
    }),
    watch() {},
    samples: () => 0,
    async result() {
      return { ...nothingSeen, missed: 'No Python ran here', pythonMarks: readPythonMarks(folder) };
    },
    leave: () => removeFolder(folder),
  };
}
