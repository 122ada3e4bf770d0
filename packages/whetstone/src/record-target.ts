import {
  RecordError,
  type AttachOptions,
  type Recording,
  type RecordOptions,
  type Target,
} from '@whetstone/record';
import type { Plugins } from './built-in-plugins.ts';
import { showProgress } from './show-progress.ts';

/** Runs a program by the first recorder that takes it, and shows how far it is. */
export async function recordTarget(
  target: Target,
  options: RecordOptions,
  plugins: Plugins,
): Promise<Recording> {
  const recording = await showProgress((onProgress) =>
    plugins.hook.recordTarget({ target, options: { ...options, onProgress } }),
  );
  if (!recording) throw new RecordError('START_FAILED', `No recorder takes ${target.given.join(' ')}.`);
  return recording;
}

/** Measures a running process by the first recorder that takes it, and shows how far it is. */
export async function recordProcess(
  process: number,
  options: AttachOptions,
  plugins: Plugins,
): Promise<Recording> {
  const recording = await showProgress((onProgress) =>
    plugins.hook.recordProcess({ process, options: { ...options, onProgress } }),
  );
  if (!recording) throw new RecordError('ATTACH_FAILED', `No recorder takes process ${process}.`);
  return recording;
}
