import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { ifResult, retry, stopBeforeDelay } from '@whetstone/retry';
import { RecordError } from '../recording.ts';

export interface Inspector {
  readonly url: string;
  /** It was open before us, and stays so. */
  readonly wasOpen: boolean;
}

/** Number of SIGUSR1 in the kernel's masks, from 0. */
const SIGUSR1_BIT = 9n;
/** A program that is busy opens its inspector when it gets round to it, in milliseconds. */
const PATIENCE = 5000;

/**
 * Opens the inspector of a running Node, by SIGUSR1, and finds its address by the process's own sockets.
 *
 * Everything is checked before the signal is sent: it ends programs that do not expect it.
 *
 * @throws {@link RecordError} `PROCESS_NOT_FOUND`, `PROCESS_NOT_NODE` or `ATTACH_FAILED`
 */
export async function openInspector(pid: number): Promise<Inspector> {
  if (process.platform !== 'linux') {
    throw new RecordError(
      'ATTACH_FAILED',
      'Attaching works on Linux only: start the program with whetstone run.',
    );
  }
  checkNode(pid);
  const before = listeningPorts(pid);
  const already = await inspectorOf(before.filter((port) => port >= 9229 && port <= 9329));
  if (already !== null) return { url: already, wasOpen: true };
  if (!catchesSignal(pid)) {
    throw new RecordError(
      'ATTACH_FAILED',
      `Process ${pid} does not listen to SIGUSR1, which opens Node's inspector (--disable-sigusr1?): it would end by it.`,
    );
  }
  signal(pid, 'SIGUSR1');
  const opened = retry(() => inspectorOf(listeningPorts(pid).filter((port) => !before.includes(port))), {
    attempts: Infinity,
    wait: 50,
    stop: stopBeforeDelay(PATIENCE),
    retryIf: ifResult((url: string | null) => url === null),
    fallback: () => null,
  });
  const url = await opened();
  if (url === null) {
    throw new RecordError(
      'ATTACH_FAILED',
      `Process ${pid} did not open its inspector: the program handles SIGUSR1 itself, port 9229 is taken, or its main thread does not answer.`,
    );
  }
  return { url, wasOpen: false };
}

function checkNode(pid: number): void {
  signal(pid, 0);
  let executable = '';
  try {
    executable = readlinkSync(`/proc/${pid}/exe`);
  } catch (cause) {
    throw new RecordError(
      'ATTACH_FAILED',
      `Process ${pid} may not be looked at: it belongs to another user.`,
      { cause },
    );
  }
  const name = path.basename(executable.replace(/ \(deleted\)$/, ''));
  if (/^node(js)?[\d.-]*$/.test(name) || /\/libnode\.so/.test(text(`/proc/${pid}/maps`))) return;
  throw new RecordError(
    'PROCESS_NOT_NODE',
    `Process ${pid} is ${name}, no Node and no Python: only those can be attached to.`,
  );
}

function signal(pid: number, name: NodeJS.Signals | 0): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code === 'EPERM') {
      throw new RecordError('ATTACH_FAILED', `Process ${pid} belongs to another user.`, { cause });
    }
    throw new RecordError('PROCESS_NOT_FOUND', `There is no process ${pid}.`, { cause });
  }
}

function catchesSignal(pid: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(text(`/proc/${pid}/status`))?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> SIGUSR1_BIT) & 1n) === 1n;
}

/** TCP ports on which the process itself listens. */
function listeningPorts(pid: number): number[] {
  const sockets = new Set<string>();
  let descriptors: string[] = [];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
  for (const descriptor of descriptors) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined) sockets.add(inode);
    } catch {
      // Closed between the two looks.
    }
  }
  const ports = new Set<number>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of text(`/proc/${pid}/net/${table}`).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const listening = fields[3] === '0A';
      if (listening && sockets.has(fields[9] ?? ''))
        ports.add(Number.parseInt(fields[1]?.split(':')[1] ?? '', 16));
    }
  }
  return [...ports];
}

/** The first port that answers as an inspector does, by the address of its WebSocket. */
async function inspectorOf(ports: readonly number[]): Promise<string | null> {
  for (const port of ports) {
    const answer = await get(`http://127.0.0.1:${port}/json/list`);
    const url = answer === null ? undefined : /"webSocketDebuggerUrl":\s*"([^"]+)"/.exec(answer)?.[1];
    if (url !== undefined) return url;
  }
  return null;
}

function get(url: string): Promise<string | null> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent: false, timeout: 1000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
      response.on('error', () => resolve(null));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(null));
  });
}

function text(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
