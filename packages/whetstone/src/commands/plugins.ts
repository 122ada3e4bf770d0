import path from 'node:path';
import type { Command } from '../commands.ts';
import { answeredHooks } from '../guarded-plugin.ts';
import { loadPlugins, pluginOption } from '../load-plugins.ts';
import { parseOptions } from '../options.ts';
import { causeText } from '../plugin-error.ts';
import { safeText } from '../terminal/safe-text.ts';
import { UsageError } from '../usage-error.ts';

/** `whetstone plugins`: what is loaded, from where, and which hooks each answers. Ends with 1 if one could not be loaded. */
export const pluginsCommand: Command = {
  usage: '[--plugin NAME|PATH]',
  summary: 'What is loaded, from where, and which hooks each plugin answers.',
  completes: 'none',
  options: [pluginOption],
  async run(args) {
    const parsed = parseOptions(args, pluginsCommand.options, { stopAtFirst: false });
    if (parsed.rest.length > 0)
      throw new UsageError(`plugins takes no arguments, and was given '${parsed.rest[0]}'.`);
    const { plugins, from, failures } = await loadPlugins(parsed);
    const rows = [...plugins.plugins()].map(([name, plugin]) => [
      name,
      shownPath(from.get(name)),
      answeredHooks(plugin).join(', ') || 'no hooks',
    ]);
    process.stdout.write(table(rows));
    if (failures.length === 0) return 0;
    const failed = failures.map(({ name, cause }) => [name, causeText(cause)]);
    process.stdout.write(`\nCould not be loaded\n${table(failed, '  ')}`);
    return 1;
  },
};

function shownPath(file: string | undefined): string {
  if (file === undefined) return 'built in';
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

function table(rows: readonly (readonly string[])[], indent = ''): string {
  const safe = rows.map((row) => row.map((cell) => safeText(cell)));
  const widths = (safe[0] ?? []).map((_, i) => Math.max(...safe.map((row) => row[i]!.length)));
  return safe
    .map((row) => `${indent}${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd() + '\n')
    .join('');
}
