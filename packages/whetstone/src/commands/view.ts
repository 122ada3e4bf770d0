import path from 'node:path';
import { writeWhet } from '@whetstone/profile';
import type { Command } from '../commands.ts';
import { codec, lastProfileFile, loadProfile, profileFile } from '../load-profile.ts';
import { pluginOption, pluginsFor } from '../load-plugins.ts';
import { parseOptions } from '../options.ts';
import { renderReport } from '../print-report.ts';
import { pageFolder } from '../page-file.ts';
import { profilesFolder } from '../project-folder.ts';
import { reportOf } from '../report-of.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { UsageError } from '../usage-error.ts';
import { openPage } from '../view/open-page.ts';
import { startViewServer } from '../view/view-server.ts';
import { writeOutput } from '../write-output.ts';

/** `whetstone view`: the page, in the browser or as a file. */
export const viewCommand: Command = {
  usage: '[profile]',
  summary: 'See a profile, a file or a name of history, in the browser. Without a name: the last run.',
  completes: 'file',
  options: [
    { name: 'html', value: 'FILE', help: 'Write one self-contained file instead.' },
    { name: 'no-open', help: 'Print the address, and open no browser.' },
    {
      name: 'port',
      value: 'PORT',
      read: readPort,
      help: 'Listen on this port of 127.0.0.1. Default: any that is free.',
    },
    pluginOption,
  ],
  async run(args) {
    const parsed = parseOptions(args, viewCommand.options, { stopAtFirst: false });
    const { options, rest } = parsed;
    if (rest.length > 1) throw new UsageError(`view takes one profile, and was given '${rest.join(' ')}'.`);
    const plugins = await pluginsFor(parsed);
    const file = rest[0] === undefined ? lastProfileFile() : profileFile(rest[0]);
    const profile = await loadProfile(file, plugins);
    const report = await reportOf(profile, plugins);
    const html = options.get('html') as string | undefined;
    if (html !== undefined) {
      const page = await renderReport('html', { profile, report, view: terminalOf(process.stdout) }, plugins);
      writeOutput(html, [page]);
      return 0;
    }
    const server = await startViewServer({
      profile: await writeWhet(profile, codec),
      report,
      pageFolder,
      port: options.get('port') as number | undefined,
      // Sources that are not in the profile itself; of this project alone.
      sources: {
        root: path.dirname(profilesFolder(process.cwd())),
        files: [...new Set(profile.functions.file)]
          .map((file) => profile.strings[file]!)
          .filter((file) => path.isAbsolute(file)),
      },
    });
    const opened = !options.has('no-open') && (await openPage(server.url));
    process.stdout.write(`${opened ? 'Opened' : 'Open'} ${server.url}\nCtrl-C ends.\n`);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    });
    await server.close();
    return 0;
  },
};

function readPort(text: string, name: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new UsageError(`${name} is '${text}', and takes a port from 1 to 65535.`);
  return port;
}
