import type { Option } from './options.ts';

/** A command: what it takes and what it does. Its exit code is what `run` returns. */
export interface Command {
  /** What follows the name: `[options] <program> [args…]`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly Option[];
  /** What a shell may offer for the arguments. */
  readonly completes: 'file' | 'command' | 'none' | 'shell';
  /** Of a command that has commands of its own: each by its name. */
  readonly commands?: ReadonlyMap<string, () => Promise<Command>>;
  run(args: readonly string[]): Promise<number>;
}

/** Every command by name, in the order of the help text; each loads its own packages when it is called. */
export const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['run', async () => (await import('./commands/run.ts')).runCommand],
  ['attach', async () => (await import('./commands/attach.ts')).attachCommand],
  ['view', async () => (await import('./commands/view.ts')).viewCommand],
  ['explain', async () => (await import('./commands/explain.ts')).explainCommand],
  ['convert', async () => (await import('./commands/convert.ts')).convertCommand()],
  ['serve', async () => (await import('./commands/serve.ts')).serveCommand],
  ['pack', async () => (await import('./commands/pack.ts')).packCommand],
  ['history', async () => (await import('./commands/history.ts')).historyCommand],
  ['plugins', async () => (await import('./commands/plugins.ts')).pluginsCommand],
  ['doctor', async () => (await import('./commands/doctor.ts')).doctorCommand],
  ['completion', async () => (await import('./commands/completion.ts')).completionCommand],
]);
