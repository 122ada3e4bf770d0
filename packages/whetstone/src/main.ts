import { commands } from './commands.ts';
import { didYouMean } from './did-you-mean.ts';
import { isKnownError } from './known-error.ts';
import { UsageError } from './usage-error.ts';

const [name, ...args] = process.argv.slice(2);

try {
  process.exitCode = await main(name, args);
} catch (error) {
  // A bug shows its stack; what we know is one line.
  if (!isKnownError(error)) throw error;
  process.stderr.write(`whetstone: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
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
    throw new UsageError(
      `no command '${name}'.${didYouMean(name, [...commands.keys()])} See whetstone --help; to measure a program: whetstone run ${name}.`,
    );
  }
  const command = await load();
  if (args[0] === '--help' || args[0] === '-h') {
    const { commandHelp } = await import('./help.ts');
    process.stdout.write(commandHelp(name, command));
    return 0;
  }
  return await command.run(args);
}
