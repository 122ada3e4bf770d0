import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ipython, jupyter } from '../../../../scripts/pythons.mjs';
import { command, project, started } from './command.ts';

const packageFolder = fileURLToPath(new URL('../../../../python', import.meta.url));
const recorder = `'${process.execPath}' '${command}'`;

/** Runs cells in Debian's IPython, one after the other, as if they had been typed. */
async function notebook(cells: readonly string[], environment: Record<string, string> = {}) {
  const driver = cells.map((cell) => `get_ipython().run_cell(${JSON.stringify(cell)}, store_history=True)\n`);
  const folder = project({ 'driver.py': driver.join('') });
  const { ended } = started(
    ipython!,
    ['--no-banner', '--colors=NoColor', '--simple-prompt', '--quick', 'driver.py'],
    {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        PYTHONPATH: packageFolder,
        WHETSTONE_COMMAND: recorder,
        ...environment,
      },
    },
  );
  return { folder, ...(await ended) };
}

describe.skipIf(ipython === null)(ipython === null ? 'skipped: no IPython' : '%whet in IPython', () => {
  test('prints a report below a cell, with its lines and those of earlier cells', async () => {
    const { folder, stdout } = await notebook([
      '%load_ext whetstone',
      defining,
      `%%whet\nimport time\ntotal = 0\nend = time.process_time() + 0.6\nwhile time.process_time() < end:\n    total += slow(1000)\ntime.sleep(0.2)\n'the value', total > 0`,
      `print('total is', total > 0)`,
    ]);
    expect(stdout).toContain("('the value', True)");
    expect(stdout).toContain('total is True');
    expect(stdout).toMatch(/HOTTEST LINES[^]*text \+= str\(number\)/);
    expect(stdout).toMatch(/FUNCTIONS[^]*\bslow\b/);
    expect(stdout).not.toContain('attached-late');
    // What measuring itself waited for, and IPython's own threads, are no part of the cell.
    expect(stdout).toMatch(/WAITS[^]*sleep .*<ipython/);
    expect(stdout).not.toMatch(/_magics\.py|history\.py|thread 1/);
    // The command is a child of the kernel that it measures, and no part of it.
    expect(stdout).not.toMatch(/^ *node +\d+ /m);
    expect(readdirSync(path.join(folder, '.whetstone'))).toContainEqual(expect.stringMatching(/\.whet$/));
  });

  test('repeats a statement, and gives its value', async () => {
    const { stdout } = await notebook([
      '%load_ext whetstone',
      'times = []',
      '%whet -r 3 times.append(1) or len(times)',
      '_ + 40',
    ]);
    expect(stdout).toMatch(/3 runs: best \S+ (?:ns|µs|ms|s), median/);
    expect(stdout).toMatch(/Out\[\d+\]: 43/);
  });

  test('runs a cell that fails to its error, and reports', async () => {
    const { stdout } = await notebook(['%load_ext whetstone', `%%whet\nanswer = 1\nanswer / 0`]);
    expect(stdout).toContain('ZeroDivisionError');
    expect(stdout).toContain('wall');
  });

  test('says what is wrong', async () => {
    const { stdout, stderr } = await notebook([
      '%load_ext whetstone',
      '%whet',
      '%whet -r none 1',
      '%%whet 1\n2',
      `import os; os.environ['WHETSTONE_COMMAND'] = 'false'`,
      '%whet 6 * 7',
    ]);
    expect(stderr).toContain('%whet needs a statement');
    expect(stderr).toContain("was given 'none'");
    expect(stderr).toContain("%%whet takes the cell below it, and was given '1' too");
    expect(stdout).toContain('Not measured: whetstone ended with 1.');
    expect(stdout).toMatch(/Out\[\d+\]: 42/);
    const none = await notebook(['%load_ext whetstone', '%whet 1'], {
      WHETSTONE_COMMAND: '',
      PATH: '/nowhere',
    });
    expect(none.stderr).toContain("There is no command 'whetstone' on the PATH");
  });
});

test.skipIf(jupyter === null)(
  jupyter === null ? 'skipped: no Jupyter' : '%%whet in a kernel of Jupyter names the lines of cells',
  async () => {
    const folder = project({ 'kernel.py': kernel });
    const { ended } = started(jupyter!, ['kernel.py'], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        PYTHONPATH: packageFolder,
        WHETSTONE_COMMAND: recorder,
      },
    });
    const { stdout } = await ended;
    expect(stdout).toMatch(/HOTTEST LINES[^]*text \+= str\(number\)/);
    expect(stdout).toContain("'the value'");
  },
);

const kernel = `import os
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name='python3')
def show(message):
    content = message['content']
    print(content.get('text') or content.get('data', {}).get('text/plain') or content.get('traceback') or '', end='', flush=True)
for cell in (
    '%load_ext whetstone',
    '''def slow(times):
    text = ''
    for number in range(times):
        text += str(number)
    return len(text)''',
    '''%%whet
import time
end = time.process_time() + 0.6
while time.process_time() < end:
    slow(1000)
"the value"''',
):
    client.execute_interactive(cell, timeout=50, output_hook=show)
client.stop_channels()
manager.shutdown_kernel(now=True)
os._exit(0)
`;

const defining = `def slow(times):
    text = ''
    for number in range(times):
        text += str(number)
    return len(text)
`;
