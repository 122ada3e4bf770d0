import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { command, processesOf, project, reportIn, started } from './command.ts';

const terminals = (() => {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
})();
if (!terminals) console.log("no terminals are tested: there is no 'script' of util-linux here");

const measured = `"${process.execPath}" "${command}" run --quiet --no-save --json report.json app.js`;

/** Runs a command line of the shell on a terminal of its own; what is typed comes by `child.stdin`. */
function onTerminal(line: string, cwd: string) {
  const { child, printed, prints, ended } = started('script', ['-qec', line, '/dev/null'], {
    cwd,
    // A shell that waits for its command where both hear Ctrl-C; `sh` may end at once.
    env: { SHELL: '/bin/bash', TERM: 'dumb', PS1: '$ ', HISTFILE: '' },
    open: true,
  });
  return {
    type: (text: string) => child.stdin!.write(text),
    printed,
    prints,
    ended,
    end: () => child.stdin!.end(),
  };
}

describe.runIf(terminals)('on a terminal a program', () => {
  test('finds its streams, its size, its keys and /dev/tty as without us', async () => {
    const folder = project({
      'app.js': `const fs = require('fs'); const tty = fs.openSync('/dev/tty', 'r+');
        console.log(['stdin', 'stdout', 'stderr'].map((name) => process[name].isTTY), process.stdout.columns, process.stdout.rows, process.stdout.getColorDepth());
        fs.writeSync(tty, 'to the terminal\\n');
        process.stdin.setRawMode(true);
        console.log('press');
        process.stdin.once('data', (key) => { console.log('key', key); process.stdin.setRawMode(false); process.stdin.pause(); console.log('stty', String(require('child_process').execFileSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'] })).match(/-?icanon|-?isig|-?\\becho\\b/g)); });`,
    });
    const outputs = [];
    for (const line of [`"${process.execPath}" app.js`, measured]) {
      const shell = onTerminal(
        `stty cols 99 rows 33; ${line}; stty -a | grep -o -e '-*icanon' -e '-*isig'`,
        folder,
      );
      await shell.prints('press');
      // Not even this key is ours.
      shell.type('\u0003');
      shell.end();
      outputs.push((await shell.ended).stdout);
    }
    expect(outputs[1]).toBe(outputs[0]);
    expect(outputs[0]).toContain('[ true, true, true ] 99 33');
    expect(outputs[0]).toContain('key <Buffer 03>');
  });

  const busy = {
    'is in a loop': `function busy() { for (;;); } console.log('ready'); busy();`,
    'is asleep': `function busy() { setInterval(() => {}, 1000) } console.log('ready'); busy();`,
    'waits for a child': `console.log('ready'); try { require('child_process').execSync('sleep 60'); } catch {} console.log('gone on');`,
    'has a child in a loop': `if (process.argv[2] === 'child') { console.log('ready'); for (;;); }
      require('child_process').fork(__filename, ['child']); setInterval(() => {}, 1000);`,
  };
  test.each(Object.entries(busy))(
    'that %s ends by Ctrl-C, leaves no process, and the shell goes on',
    async (_name, program) => {
      const folder = project({ 'app.js': program });
      const shell = onTerminal(`bash --norc -i`, folder);
      shell.type(`${measured}\n`);
      await shell.prints('ready\r');
      await pause(400);
      // A shell forgets the rest of the line, as the program died of the signal.
      shell.type('\u0003');
      shell.type('echo "ended with $?"\n');
      await shell.prints('ended with 130');
      shell.type('exit\n');
      expect((await shell.ended).stdout).not.toContain('gone on');
      expect(processesOf(path.join(folder, 'app.js'))).toEqual([]);
      expect(reportIn(folder).about.exit).toEqual({ code: null, signal: 'SIGINT' });
    },
  );

  test('that hears Ctrl-C itself hears each one once', async () => {
    const folder = project({
      'app.js': `let heard = 0; process.on('SIGINT', () => { console.log('heard', ++heard); if (heard === 2) process.exit(9); }); setInterval(() => {}, 1000); console.log('ready');`,
    });
    const shell = onTerminal(`${measured}; echo "ended with $?"`, folder);
    await shell.prints('ready');
    shell.type('\u0003');
    await shell.prints('heard 1');
    await pause(1000);
    expect(shell.printed.stdout).not.toContain('heard 2');
    shell.type('\u0003');
    await shell.prints('ended with 9');
    shell.end();
    await shell.ended;
  });

  test('stops by Ctrl-Z and goes on by fg', async () => {
    const folder = project({
      'app.js': `console.log('ready'); process.on('SIGCONT', () => console.log('continued')); process.stdin.once('data', (line) => { console.log('read', String(line).trim()); process.exit(4); });`,
    });
    const shell = onTerminal(`bash --norc -i`, folder);
    shell.type(`${measured}; echo "ended with $?"\n`);
    await shell.prints('ready\r');
    shell.type('\u001a');
    await shell.prints('Stopped');
    shell.type('fg\n');
    await shell.prints('continued');
    shell.type('a line\n');
    await shell.prints('read a line');
    await shell.prints(`report.json app.js`);
    shell.type('echo "and $?"\n');
    await shell.prints('and 4');
    shell.type('exit\n');
    await shell.ended;
    expect(reportIn(folder).about.exit).toEqual({ code: 4, signal: null });
  });

  test('reads an empty input where it runs twice, and the report says so', async () => {
    const folder = project({
      'app.js': `let text = ''; process.stdin.on('data', (chunk) => { text += chunk; }).on('end', () => console.log('read', JSON.stringify(text), process.stdin.isTTY));`,
    });
    const shell = onTerminal(measured.replace('--quiet', '--quiet --counts'), folder);
    await shell.prints('read "" undefined');
    shell.end();
    await shell.ended;
    expect(reportIn(folder).warnings.map(({ code }) => code)).toContain('input-empty');
  });

  test('shows how far it is in the title of the window, and takes that back', async () => {
    const folder = project({ 'app.js': `setTimeout(() => console.log('the end'), 2600);` });
    const shell = onTerminal(`TERM=xterm ${measured.replace('--quiet', '')} > out`, folder);
    shell.end();
    const { stdout } = await shell.ended;
    expect(stdout).toContain('\u001b[22;2t\u001b]2;whetstone: measuring');
    expect(stdout.indexOf('\u001b[23;2t')).toBeGreaterThan(0);
    expect(stdout.slice(stdout.indexOf('\u001b[23;2t'))).toContain('wall');
  });
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
