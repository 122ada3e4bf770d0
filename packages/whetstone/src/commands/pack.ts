import type { Command } from '../commands.ts';
import { UsageError } from '../usage-error.ts';

/** The commands behind `pack`, in the order of the help text. */
const packCommands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['init', async () => (await import('./pack/init.ts')).initCommand],
  ['build', async () => (await import('./pack/build.ts')).buildCommand],
  ['info', async () => (await import('./pack/info.ts')).infoCommand],
  ['run', async () => (await import('./pack/run.ts')).runCommand],
  ['mount', async () => (await import('./pack/mount.ts')).mountCommand],
  ['unmount', async () => (await import('./pack/unmount.ts')).unmountCommand],
  ['extract', async () => (await import('./pack/extract.ts')).extractCommand],
  ['verify', async () => (await import('./pack/verify.ts')).verifyCommand],
  ['inventory', async () => (await import('./pack/inventory.ts')).inventoryCommand],
  ['key', async () => (await import('./pack/key.ts')).keyCommand],
  ['sign', async () => (await import('./pack/sign.ts')).signCommand],
  ['trust', async () => (await import('./pack/trust.ts')).trustCommand],
  ['update', async () => (await import('./pack/update.ts')).updateCommand],
  ['rollback', async () => (await import('./pack/rollback.ts')).rollbackCommand],
  ['convert', async () => (await import('./pack/convert.ts')).convertCommand],
]);

/** `whetstone pack`: one file that runs. */
export const packCommand: Command = {
  usage: '<command>',
  summary: 'One file that runs: build it, sign it, look into it.',
  completes: 'file',
  options: [],
  commands: packCommands,
  async run([name, ...args]) {
    const load = packCommands.get(name ?? '');
    if (!load) {
      const { didYouMean } = await import('@whetstone/hooks');
      const names = [...packCommands.keys()];
      throw new UsageError(
        name === undefined
          ? `pack takes one of ${names.join(', ')}: whetstone pack --help.`
          : `pack has no command '${name}'.${didYouMean(name, names)} It has ${names.join(', ')}.`,
      );
    }
    const command = await load();
    if (args[0] === '--help' || args[0] === '-h') {
      const { commandHelp } = await import('../help.ts');
      process.stdout.write(await commandHelp(`pack ${name}`, command));
      return 0;
    }
    return await command.run(args);
  },
};
