import { readFileSync } from 'node:fs';

/** How much longer than the reading itself takes one waits until the tables are read again. */
const PATIENCE = 50;
/** Between two readings, at least: milliseconds. */
const SHORTEST = 5;

/** Names the sockets of a process by its tables under `/proc/PID/net`. */
export class SocketNames {
  readonly #pid: number;
  #names = new Map<string, string>();
  #readAgain = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /**
   * The other end of a socket, or for one that listens its own: `127.0.0.1:80`, a path.
   *
   * The empty string where there is no name; `inode` is the number in `socket:[number]`.
   */
  name(inode: string): string {
    const known = this.#names.get(inode);
    // One that was not connected yet keeps its own address until an unknown one has the tables read again.
    if (known !== undefined) return known;
    const begun = performance.now();
    if (begun < this.#readAgain) return '';
    this.#names = new Map([
      ...this.#internet('tcp'),
      ...this.#internet('tcp6'),
      ...this.#internet('udp'),
      ...this.#internet('udp6'),
      ...this.#local(),
    ]);
    const took = performance.now() - begun;
    this.#readAgain = begun + Math.max(took * PATIENCE, SHORTEST);
    return this.#names.get(inode) ?? '';
  }

  #internet(protocol: string): Iterable<[string, string]> {
    return parseInternetSockets(this.#table(protocol));
  }

  #local(): Iterable<[string, string]> {
    return parseLocalSockets(this.#table('unix'));
  }

  #table(name: string): string {
    try {
      return readFileSync(`/proc/${this.#pid}/net/${name}`, 'latin1');
    } catch {
      return '';
    }
  }
}

/** Reads `/proc/net/tcp`, `tcp6`, `udp` or `udp6`: pairs of inode and name. */
export function parseInternetSockets(text: string): [string, string][] {
  const found: [string, string][] = [];
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, local = '', remote = ''] = fields;
    const inode = fields[9];
    if (inode === undefined || inode === '0') continue;
    const isConnected = !/^0+:0000$/.test(remote);
    found.push([inode, addressOf(isConnected ? remote : local)]);
  }
  return found;
}

/** Reads `/proc/net/unix`: pairs of inode and path. */
export function parseLocalSockets(text: string): [string, string][] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line): [string, string][] => {
      const match = /^(?:\S+ +){6}(\d+)(?: (.*))?$/.exec(line);
      return match?.[1] === undefined ? [] : [[match[1], match[2] ?? '']];
    });
}

/** `0100007F:0050` is `127.0.0.1:80`: words of 32 bits in the machine's order. */
function addressOf(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const bytes = [...address.matchAll(/(..)(..)(..)(..)/g)]
    .flatMap(([, a, b, c, d]) => [d, c, b, a])
    .map((byte) => Number.parseInt(byte ?? '', 16));
  const number = Number.parseInt(port, 16);
  if (bytes.length === 4) return `${bytes.join('.')}:${number}`;
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255) {
    return `${bytes.slice(12).join('.')}:${number}`;
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  return `[${groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')}]:${number}`;
}
