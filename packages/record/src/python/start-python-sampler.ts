import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { PythonSampler, PythonSamplerOptions, RawPython } from './raw-python.ts';
import { SamplerProgress } from './sampler-progress.ts';

/** What the sampler's thread is given at its start. */
export interface SamplerThreadData {
  readonly options: PythonSamplerOptions;
  readonly progress: SharedArrayBuffer;
}

/** What the sampler's thread sends: that it looks, and at its end what it saw. */
export type SamplerThreadMessage = 'ready' | RawPython;

/**
 * Starts the sampler's thread and waits until it is ready: start the program after it, then nothing of
 * its start is missed.
 *
 * Linux only: elsewhere every process is refused as `forbidden`.
 */
export async function startPythonSampler(options: PythonSamplerOptions): Promise<PythonSampler> {
  const progress = new SamplerProgress();
  const worker = await startThread({ options, progress: progress.buffer });
  // The program, not its sampler, decides how long the command runs.
  worker.unref();
  const result = new Promise<RawPython>((resolve, reject) => {
    worker.on('message', (message: SamplerThreadMessage) => {
      if (message !== 'ready') resolve(message);
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The sampler ended without a result.')));
  });
  await Promise.race([new Promise((resolve) => worker.once('message', resolve)), result]);
  // Whoever asks for the result meets its error; until then it is not an unhandled one.
  result.catch(() => undefined);
  return {
    watch: (pid) => progress.watch(pid),
    progress: () => progress.read(),
    stop: () => {
      worker.ref();
      progress.stop();
      return result;
    },
  };
}

/** The built thread; of the sources, which Node 20 cannot run, one that is bundled for the occasion. */
async function startThread(workerData: SamplerThreadData): Promise<Worker> {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('sampler-thread.js', import.meta.url), { workerData });
  }
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('sampler-thread.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    conditions: ['@whetstone/source'],
  });
  return new Worker(outputFiles[0]?.text ?? '', { workerData, eval: true });
}
