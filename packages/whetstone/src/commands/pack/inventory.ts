import { cycloneDx, inventory } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { inventoryText } from '../../terminal/inventory-text.ts';
import { terminalOf } from '../../terminal/terminal.ts';
import { UsageError } from '../../usage-error.ts';
import { writeOutput } from '../../write-output.ts';
import { readableLater } from './given.ts';

/** What the command ends with: scripts tell the cases apart. */
const exitCodes = { declared: 0, conspicuous: 3, unchecked: 4 } as const;

/** `whetstone pack inventory`: whose each file is, and whether it is what they declared. */
export const inventoryCommand: Command = {
  usage: '[options] <app.wpk|folder>',
  summary:
    'Name each file with the package that declared it, and those that nothing declared or whose content differs. Exit code: 0 all as declared, 3 some undeclared or different, 4 some that could not be compared.',
  completes: 'file',
  options: [
    {
      name: 'project',
      value: 'FOLDER',
      help: 'Of a pack: the project that it was built from, whose lock file, git and build it is compared with.',
    },
    { name: 'cyclonedx', value: 'FILE', help: 'Write a CycloneDX document too; - is stdout.' },
    { name: 'json', help: 'Write one JSON document.' },
    { name: 'short', help: 'Leave out the list of files that are as declared.' },
    { name: 'offline', help: "Ask no registry for tarballs that npm's cache lacks." },
  ],
  async run(args) {
    const { options, rest } = parseOptions(args, inventoryCommand.options, { stopAtFirst: false });
    const [file] = rest;
    if (file === undefined || rest.length > 1)
      throw new UsageError('pack inventory takes one pack or folder: whetstone pack inventory app.wpk.');
    const document = options.get('cyclonedx') as string | undefined;
    if (document === '-' && options.has('json'))
      throw new UsageError('--json and --cyclonedx - would both write to stdout.');
    const project = options.get('project') as string | undefined;
    const found = await readableLater(file, async () =>
      inventory(file, { project, offline: options.has('offline') }),
    );
    if (document !== undefined && document !== '-') writeOutput(document, [cycloneDx(found)]);
    process.stdout.write(
      document === '-'
        ? cycloneDx(found)
        : options.has('json')
          ? `${JSON.stringify(found, null, 2)}\n`
          : inventoryText(found, terminalOf(process.stdout), { short: options.has('short') }),
    );
    const { differs, undeclared, unchecked } = found.counts;
    if (differs + undeclared > 0) return exitCodes.conspicuous;
    return unchecked > 0 ? exitCodes.unchecked : exitCodes.declared;
  },
};
