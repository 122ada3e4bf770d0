import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const app = fileURLToPath(new URL('app.mjs', import.meta.url));
const started: ChildProcess[] = [];

/** `app.mjs` as a process of its own. */
export interface App {
  readonly url: string;
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
}

/** Starts `app.mjs`, behind `command` if given; the options are those of `serve`, 2 workers where they say nothing else. */
export async function start(
  options: object = {},
  env: Record<string, string> = {},
  command: readonly string[] = [],
): Promise<App> {
  const [program, ...args] = [...command, process.execPath, app];
  const child = spawn(program!, args, {
    env: { ...process.env, ...env, SERVE_OPTIONS: JSON.stringify(options) },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  started.push(child);
  let stderr = '';
  child.stderr!.on('data', (piece: Buffer) => (stderr += String(piece)));
  let stdout = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', (piece: Buffer) => {
      stdout += String(piece);
      if (stdout.includes('\n')) resolve(stdout.split('\n')[0]!);
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code}: ${stderr}`)));
  });
  return { url, child, stdout: () => stdout, stderr: () => stderr };
}

/** Ends all that {@link start} started, with their workers, also those that they left. */
export async function endApps(): Promise<void> {
  for (const child of started.splice(0)) {
    const ended = child.exitCode !== null || child.signalCode !== null || once(child, 'exit');
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // There is none.
    }
    await ended;
  }
}

/** The text of an answer over a connection of its own. */
export const text = async (url: string): Promise<string> =>
  await (await fetch(url, { headers: { connection: 'close' } })).text();

/** What the app says of itself, of {@link Stats}. */
export interface Figures {
  readonly requests: number;
  readonly connections: number;
  readonly accepted: number;
  readonly turnedAway: number;
  readonly logDropped: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly workers: { readonly serving: number; readonly leaving: number; readonly restarts: number };
}
export const figures = async (url: string): Promise<Figures> =>
  JSON.parse(await text(`${url}/stats`)) as Figures;

/** Waits until it holds; a request that fails meanwhile is one that it does not hold for yet. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const late = performance.now() + 50_000;
  for (;;) {
    const holds = await Promise.resolve()
      .then(condition)
      .catch(() => false);
    if (holds) return;
    if (performance.now() > late) throw new Error(`in vain: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Those of these processes that are still there. */
export const living = (pids: Iterable<string>): string[] =>
  [...pids].filter((pid) => {
    try {
      return process.kill(Number(pid), 0);
    } catch {
      return false;
    }
  });

/** The processes of both workers: two requests in turn may meet the same. */
export async function bothOf(url: string): Promise<Set<string>> {
  const pids = new Set<string>();
  await until(async () => pids.add(await text(url)).size >= 2);
  return pids;
}

/** Opens a connection, and says which worker has it. */
export async function connected(url: string): Promise<{ readonly pid: string; close(): void }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  let answer = '';
  while (!/\r\n\r\n\d+$/.test(answer)) answer += String((await once(socket, 'data'))[0]);
  return { pid: /\d+$/.exec(answer)![0], close: () => socket.destroy() };
}
