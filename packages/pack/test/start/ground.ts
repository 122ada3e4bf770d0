import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { driverFile, headerScript, type ImageEntry, type PackHeader, writePack } from '@whetstone/pack';
import { onTestFinished, test as anyTest, type TestContext } from 'vitest';
import { fileEntry } from '../image-file.ts';

const driver = await driverFile();
if (!driver) process.stdout.write('Not tested: starting packs: driver/build.sh has not built the driver.\n');

/** A test that needs the driver. */
export const test = anyTest.skipIf(driver === null);

/** Who starts a pack in a test. */
export type User = 'root' | 'nobody';
/** `/dev/fuse` as this machine has it, one that everybody may open, or none that works. */
export type Fuse = 'as found' | 'openable' | 'none';

export interface Conditions {
  readonly user?: User;
  readonly fuse?: Fuse;
  readonly environment?: Readonly<Record<string, string>>;
}

/** How a start ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly error: string;
}

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

/** A pack of a small shell program, and a place of its own where it is mounted and kept. */
export interface Ground {
  readonly folder: string;
  readonly pack: string;
  readonly header: PackHeader;
  /** Runs a command, by default the pack, with these arguments and waits for its end. */
  run(args: readonly string[], conditions?: Conditions, command?: readonly string[]): Promise<Ended>;
  /** Starts the pack's program, which prints a line and then waits for a line. */
  begin(conditions?: Conditions): Promise<Begun>;
  /** Processes and mounts that have something of this ground. */
  left(): string[];
}

/** A program that runs and waits. */
export interface Begun {
  readonly pid: number;
  /** Where it found its files. */
  readonly mount: string;
  /** Has it read its data and end. */
  end(): Promise<Ended>;
  readonly ended: Promise<Ended>;
}

const program = `case \${1-} in
wait)
  printf '%s %s\\n' "$$" "$WPK_MOUNT"
  read -r WPK_LINE
  cat "$WPK_MOUNT/app/data" >/dev/null && echo read
  ;;
code) exit "$2" ;;
kill) kill -TERM "$$" ;;
*)
  printf '%s\\n' "$WPK_MOUNT" "$@"
  cat "$WPK_MOUNT/app/greeting"
  exit 7
  ;;
esac
`;

const SCRIPT_OF_PROGRAM = `exec /bin/sh -c 'WPK_MOUNT=$0; . "$WPK_MOUNT/app/main"' "$WPK_MOUNT" "$@"\n`;

/** Bytes that no compressor shortens, always the same. */
export function noise(bytes: number): Buffer {
  const data = Buffer.alloc(bytes);
  for (let i = 0, value = 1; i < bytes; i++) {
    value = (Math.imul(value, 1_103_515_245) + 12_345) >>> 0;
    data[i] = value >>> 16;
  }
  return data;
}

/** Makes the ground; all that it left is ended and removed after the test. */
export async function ground(
  entries: readonly ImageEntry[] = [],
  start = SCRIPT_OF_PROGRAM,
): Promise<Ground> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wpk-test-'));
  chmodSync(folder, 0o755);
  onTestFinished(async () => {
    endAll(folder);
    await until(() => left(folder).length === 0);
    rmSync(folder, { recursive: true, force: true });
  });
  const pack = path.join(folder, 'app.wpk');
  const header = await writePack(pack, {
    kind: 'program',
    name: 'test',
    version: '1.0.0',
    arch: 'x86_64',
    glibc: '0',
    entries: [
      fileEntry('.pack/start', start),
      fileEntry('app/main', program),
      fileEntry('app/greeting', 'hello\n'),
      fileEntry('app/data', noise(600_000)),
      ...entries,
    ],
    script: headerScript(),
    driver: driver!,
    level: 3,
  });
  const launched = (args: readonly string[], conditions: Conditions, command?: readonly string[]) =>
    launch(folder, [...(command ?? [pack]), ...args], conditions);
  return {
    folder,
    pack,
    header,
    run: async (args, conditions = {}, command = undefined) =>
      await launched(args, conditions, command).ended,
    begin: async (conditions = {}) => await begun(launched(['wait'], conditions)),
    left: () => left(folder),
  };
}

/** Why these conditions cannot be had on this machine; undefined where they can. */
export function forbidden({ user = 'root', fuse = 'as found' }: Conditions): string | undefined {
  // An ordinary user is one already.
  if (!isRoot && (user === 'root' || fuse !== 'as found'))
    return 'only root can change the user and the devices';
  if (fuse === 'openable' && spawnSync('unshare', ['-m', 'true']).status !== 0)
    return 'mount namespaces are forbidden';
  if (user === 'nobody' && spawnSync('setpriv', ['--version']).status !== 0) return 'there is no setpriv';
  return undefined;
}

/** Why this way of starting cannot work here, found out without the driver; undefined where it can. */
export function wayForbidden(way: string, conditions: Conditions): string | undefined {
  const reason = forbidden(conditions);
  if (reason !== undefined || way === 'extract') return reason;
  const { user = 'root', fuse = 'as found' } = conditions;
  const openable = `if : <>/dev/fuse; then exit 0; else exit 9; fi`;
  const asUser = (command: string) =>
    spawnSync('sh', ['-c', prepared(conditions, `sh -c '${command}'`)], { stdio: 'ignore' }).status === 0;
  if (way === 'kernel' && user !== 'root') return 'only root has a kernel mount';
  if (user === 'root' && way !== 'namespace' && spawnSync('unshare', ['-m', 'true']).status !== 0)
    return 'mounting is forbidden';
  if (way === 'kernel') {
    if (!existsSync('/dev/loop-control')) return 'there are no loop devices';
    return readFileSync('/proc/filesystems', 'utf8').includes('squashfs')
      ? undefined
      : 'no SquashFS in the kernel';
  }
  if (!existsSync('/dev/fuse') || !asUser(openable)) return `${user} may not open /dev/fuse (${fuse})`;
  if (way === 'namespace' && !asUser('unshare -Urm true')) return 'user namespaces are forbidden';
  if (way === 'shared' && user !== 'root' && !existsSync('/usr/bin/fusermount3'))
    return 'there is no fusermount3';
  return undefined;
}

/** Skips a test and says so where everybody sees it. */
export function notTested(context: TestContext, what: string, reason: string): never {
  process.stdout.write(`Not tested: ${what}: ${reason}.\n`);
  return context.skip(reason);
}

/** Waits for a condition. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 40_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('What was waited for did not come.');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Processes of the driver that serve this ground: server and guard. */
export function drivers(folder: string): number[] {
  return processes()
    .filter(({ command }) => /\/(driver|whetstone-pack)-/.test(command) && command.includes(folder))
    .map(({ pid }) => pid);
}

/** Ends a process at once. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The process that answers the kernel: the child of its guard, where there is one. */
export function serverOf(folder: string): number {
  const all = drivers(folder);
  const server = all.find((pid) => all.includes(parentOf(pid))) ?? all[0];
  if (server === undefined) throw new Error('No driver runs.');
  return server;
}

/** The parent of a process, 0 where it is gone. */
function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function processes(): { readonly pid: number; readonly command: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => ({ pid: Number(pid), command: textOf(`/proc/${pid}/cmdline`) }));
}

function left(folder: string): string[] {
  const running = processes()
    .filter(({ pid, command }) => pid !== process.pid && command.includes(folder))
    .map(({ pid, command }) => `process ${pid} ${command.replaceAll('\0', ' ')}`);
  const mounted = processes().flatMap(({ pid }) =>
    textOf(`/proc/${pid}/mountinfo`)
      .split('\n')
      .filter((line) => line.includes(folder))
      .map((line) => `mount of ${pid}: ${line}`),
  );
  return [...running, ...mounted];
}

/** A process may end while it is read. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function endAll(folder: string): void {
  for (const { pid, command } of processes()) if (pid !== process.pid && command.includes(folder)) kill(pid);
  spawnSync('sh', ['-c', `for at in "$0"/*/wpk/* "$0"/mounted; do umount -l "$at"; done`, folder], {
    stdio: 'ignore',
  });
}

/** A command line that makes the conditions and then becomes the command. */
function prepared({ user = 'root', fuse = 'as found' }: Conditions, command: string): string {
  const become =
    user === 'nobody' && isRoot
      ? `exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups ${command}`
      : `exec ${command}`;
  if (fuse === 'as found') return become;
  const device =
    fuse === 'none'
      ? 'mount --bind /dev/null /dev/fuse'
      : 'at=$(mktemp -d) && mount -t tmpfs none "$at" && mknod -m 666 "$at/fuse" c 10 229 && mount --bind "$at/fuse" /dev/fuse && umount -l "$at" && rmdir "$at"';
  return `exec unshare -m sh -c '${`${device} && ${become}`.replaceAll("'", `'\\''`)}' "$0" "$@"`;
}

function launch(folder: string, command: readonly string[], conditions: Conditions) {
  const { user = 'root', environment = {} } = conditions;
  const own = path.join(folder, isRoot ? user : 'self');
  if (!existsSync(own)) {
    mkdirSync(own);
    if (isRoot && user === 'nobody') chownSync(own, NOBODY, NOBODY);
    chmodSync(own, 0o700);
  }
  const child = spawn('/bin/sh', ['-c', prepared(conditions, '"$0" "$@"'), ...command], {
    cwd: '/',
    env: {
      PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
      HOME: own,
      XDG_RUNTIME_DIR: own,
      WHETSTONE_PACK_IDLE: '1',
      ...environment,
    },
  });
  let out = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out, error }));
  });
  return { child, ended, said: () => out };
}

async function begun({ child, ended, said }: ReturnType<typeof launch>): Promise<Begun> {
  await Promise.race([until(() => said().includes('\n')), ended]);
  const [pid, mount] = said().trim().split(' ');
  if (mount === undefined) {
    const { error } = await ended;
    throw new Error(`The program did not start: ${error}`);
  }
  child.stdin.on('error', () => undefined);
  return {
    pid: Number(pid),
    mount,
    ended,
    end: async () => {
      child.stdin.end('\n');
      return await ended;
    },
  };
}

/** The mounts in the namespace of a process that stand at a path. */
export function mountsAt(pid: number, at: string): string[] {
  return textOf(`/proc/${pid}/mountinfo`)
    .split('\n')
    .filter((line) => line.split(' ')[4] === at);
}

/** A copy of a file in which one bit is another. */
export function flipped(file: string, offset: number, to: string): string {
  const bytes = readFileSync(file);
  bytes[offset]! ^= 1;
  writeFileSync(to, bytes, { mode: 0o755 });
  return to;
}
