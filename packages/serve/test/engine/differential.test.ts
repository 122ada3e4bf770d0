import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { EngineName } from '../../src/engine/engine.ts';
import { ruleCases } from '../http-rules.ts';
import { engines } from './engines.ts';
import { sent } from './sent.ts';

/** More is for the bench: `SERVE_FUZZ_CASES=1000000`. */
const cases = Number(process.env['SERVE_FUZZ_CASES'] ?? 6000);
const seed = Number(process.env['SERVE_FUZZ_SEED'] ?? 1);

/** Messages that are under way together. */
const atOnce = 50;

const follower = (n: number) => `GET /follower${n} HTTP/1.1\r\nHost: h\r\n\r\n`;

// What has led servers to differ over where a message ends.
const tricks = [
  '\r',
  '\n',
  '\r\n',
  '\r\r\n',
  '\n\r',
  ' ',
  '\t',
  '\0',
  '\x0b',
  '\x0c',
  '\x7f',
  '\xa0',
  '\x85',
  ':',
  ',',
  ';',
  '0',
  '1',
  'f',
  'x',
  '+',
  '-',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'content-length:\t3\r\n',
  'Content-Length : 5\r\n',
  'Content-Length: 5, 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding:\x0bchunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'transfer-encoding: ,chunked\r\n',
  'Transfer-Encoding : chunked\r\n',
  ' chunked\r\n',
  '\tchunked\r\n',
  'Host: i\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Upgrade: h2c\r\nConnection: upgrade\r\n',
  'Expect: 100-continue\r\n',
  'Trailer: X\r\n',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  '5;\r\n',
  '5;a="\r\n"\r\n',
  'ffffffff\r\n',
  '\r\n\r\n',
  'HTTP/1.0',
  'HTTP/1.1',
  'GET / HTTP/1.1\r\n',
  'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello',
  'http://h/',
];

/** Requests as a server took them, their bodies in brackets; a body that broke off has none. */
async function oracle(bytes: Buffer): Promise<string[]> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const place = requests.push(`${request.method} ${request.url}`) - 1;
    const body: Buffer[] = [];
    request.on('data', (piece: Buffer) => body.push(piece));
    request.on('end', () => {
      const text = Buffer.concat(body).toString('latin1');
      if (text !== '') requests[place] += ` [${text}]`;
      response.end('ok');
    });
    request.on('error', () => undefined);
  });
  const pipe = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  server.emit('connection', pipe);
  pipe.push(bytes);
  for (let turn = 0; turn < 6; turn++) await new Promise(setImmediate);
  pipe.destroy();
  server.close();
  return requests;
}

test.each(engines)(
  `the %s engine never sees a request that node:http does not, in ${cases} broken messages`,
  async (engine) => {
    const random = generator(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const bases = ruleCases.map(({ bytes }) => bytes).filter((bytes) => bytes.length < 400);
    const broken = (): Buffer => {
      let bytes = pick(bases);
      for (let change = 0; change <= random() * 3; change++) {
        const at = Math.floor(random() * (bytes.length + 1));
        const trick = pick(tricks);
        const lineStart = bytes.indexOf('\r\n', at) + 2;
        const kind = random();
        if (kind < 0.35) bytes = bytes.slice(0, at) + trick + bytes.slice(at);
        else if (kind < 0.55) bytes = bytes.slice(0, at) + bytes.slice(at + 1);
        else if (kind < 0.75) bytes = bytes.slice(0, at) + trick + bytes.slice(at + trick.length);
        else bytes = bytes.slice(0, lineStart) + trick + bytes.slice(lineStart);
      }
      return Buffer.from(bytes + follower(1) + follower(2), 'latin1');
    };
    for (let n = 0; n < cases; n += atOnce)
      await Promise.all(
        Array.from({ length: Math.min(atOnce, cases - n) }, async (_, i) => {
          const message = broken();
          await compare(engine, message, `seed ${seed}, case ${n + i}`);
        }),
      );
  },
  // A million take their time.
  60_000 + cases * 10,
);

async function compare(engine: EngineName, message: Buffer, title: string): Promise<void> {
  const { verdict } = await sent(engine, [message]);
  const ours = verdict
    .filter((entry) => typeof entry === 'string')
    .map((entry) => entry.replace(/ \[\]$/s, ''));
  if (ours.length === 0) return;
  const theirs = await oracle(message);
  const shown = `${title}: ${JSON.stringify(message.toString('latin1'))}`;
  expect(ours.length, `${shown}\nours ${String(ours)}\ntheirs ${String(theirs)}`).toBeLessThanOrEqual(
    theirs.length,
  );
  // The absolute form is cut by us and kept by them.
  const normal = (entry: string) =>
    entry.replace(/^(\w+ )https?:\/\/[^/ ]*(?=\/)/i, '$1').replace(/^(\w+ )https?:\/\/[^/ ]*$/i, '$1/');
  for (const [i, entry] of ours.entries()) {
    // A body is lost to them where what follows is broken.
    const lost = !theirs[i]!.includes(' [');
    expect(normal(theirs[i]!), shown).toBe(lost ? entry.replace(/ \[.*\]$/s, '') : entry);
  }
}

function generator(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), state | 1) + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
