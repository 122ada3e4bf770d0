import { commands } from './commands.ts';
import { exitCodeOf, isKnownError } from './known-error.ts';
import { UsageError } from './usage-error.ts';

const [name, ...args] = process.argv.slice(2);

// Whoever reads our output may have read enough: `whetstone history | head -1`. No stream is touched for it, as
// the program that is measured shares them.
process.on('uncaughtException', (error) => {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await main(name, args);
} catch (error) {
  // Messages quote names and paths, which may hold what a terminal would act on.
  const { safeText } = await import('./terminal/safe-text.ts');
  // What we know is one line; a bug shows its stack, and must not look like the program's own failure.
  if (isKnownError(error)) {
    process.stderr.write(`whetstone: ${safeText(error.message)}\n`);
    process.exitCode = exitCodeOf(error);
  } else {
    const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const lines = shown.split('\n').map((line) => safeText(line));
    process.stderr.write(`whetstone: this is a bug of Whetstone.\n${lines.join('\n')}\n`);
    process.exitCode = name === 'run' ? 125 : 1;
  }
}

/** Finds the command and loads what it needs, and nothing else: `--version` must not wait for a profiler. */
async function main(name: string | undefined, args: readonly string[]): Promise<number> {
  if (name === '--version' || name === '-v') {
    const { version } = await import('./version.ts');
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const { helpText } = await import('./help.ts');
    process.stdout.write(await helpText(args[0]));
    return 0;
  }
  const load = commands.get(name);
  if (!load) {
    const { didYouMean } = await import('@whetstone/hooks');
    throw new UsageError(
      `no command '${name}'.${didYouMean(name, [...commands.keys()])} See whetstone --help; to measure a program: whetstone run ${name}.`,
    );
  }
  const command = await load();
  if (args[0] === '--help' || args[0] === '-h') {
    const { commandHelp } = await import('./help.ts');
    process.stdout.write(await commandHelp(name, command));
    return 0;
  }
  return await command.run(args);
}
