import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { NativeCore } from '../../src/engine/native/core.ts';
import { loadNative } from '../../src/engine/native/load-native.ts';
import { type Limits, defaultLimits } from '../../src/limits.ts';
import { RawClient } from './client.ts';

const native = loadNative();
const create = 'module' in native ? native.module.create : null;

/** A request, as its row says. */
interface Asked {
  readonly connection: number;
  readonly generation: number;
}

const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const answer = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

let core: NativeCore;
let port = 0;
afterEach(() => core.close());

/** Starts a core whose requests go to `onRequest`, and returns what writes a record. */
function started(onRequest: (asked: Asked) => void, limits: Partial<Limits> = {}) {
  core = create!({ ...defaultLimits, ...limits }, (count) => {
    const rows = new Int32Array(core.rows);
    for (let at = 0; at < count * 16; at += 16)
      if (rows[at] === 1) onRequest({ connection: rows[at + 1]!, generation: rows[at + 2]! });
  });
  const sends = new Int32Array(core.sends);
  const state = new Int32Array(core.state);
  const answers = Buffer.from(core.answers);
  port = core.listenAt('127.0.0.1', 0);
  return {
    sends,
    state,
    record(kind: number, { connection, generation }: Asked, text = '') {
      sends.set([kind, connection, generation, text.length], state[0]!++ * 4);
      state[1]! += answers.write(text, state[1]!, 'latin1');
    },
  };
}

const client = () => RawClient.to(`http://127.0.0.1:${port}`);

describe.skipIf(create === null)('what JavaScript may do wrong to the native core', () => {
  test('answers that are late, doubled or of another request reach nobody', async () => {
    const asked: Asked[] = [];
    const { record } = started((one) => {
      if (asked.length > 0) {
        const [first] = asked;
        record(1, first!, answer('late'));
        record(1, { ...one, generation: one.generation + 1 }, answer('early'));
        record(1, { ...one, connection: one.connection + 1 }, answer('elsewhere'));
        record(1, { ...one, connection: 1_000_000 }, answer('nowhere'));
      }
      record(1, one, answer(`number ${asked.length}`));
      record(1, one, answer('doubled'));
      asked.push(one);
    });
    const one = await client();
    one.send(request);
    await one.untilText('number 0');
    one.send(request);
    await one.untilText('number 1');
    expect(one.received).toBe(answer('number 0') + answer('number 1'));
    one.close();
  });

  test('records of nonsense are dropped, and the next request is served', async () => {
    let nonsense = true;
    const made = started((one) => {
      if (nonsense) {
        for (let i = 0; i < made.sends.length; i++) made.sends[i] = Math.imul(i, 2_654_435_761) >> (i % 32);
        made.state[0] = -5;
        made.state[1] = 2 ** 30;
        core.flush();
        made.sends.fill(1);
        made.state[0] = 2 ** 31 - 1;
        core.flush();
        made.sends.fill(-1);
        made.state[0] = 4096;
        core.flush();
      }
      nonsense = false;
      made.record(1, one, answer('served'));
    });
    const one = await client();
    one.send(request);
    await one.untilText('served');
    one.close();
  });

  test('a buffer that is taken away while it is sent cuts its connection alone', async () => {
    const made = started((one) => {
      const bytes = new Uint8Array(50_000_000);
      core.send(one.connection, one.generation, 1, bytes);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    });
    const slow = connect({ port, host: '127.0.0.1' });
    slow.on('error', () => undefined).pause();
    slow.write(request);
    slow.once('readable', () => slow.resume());
    await new Promise((resolve) => slow.once('close', resolve));
    expect(made.state[0]).toBe(0);
    const other = await client();
    other.send('GET / HTTP/1.1\r\n\r\n');
    await other.untilText('no Host');
    other.close();
  });

  test('memory that is shared can be given away, and the core goes on', async () => {
    const made = started((one) => made.record(1, one, answer('served')));
    try {
      structuredClone(core.arena, { transfer: [core.arena] });
    } catch {
      // Nodes from 22 on do not let go of it.
    }
    const one = await client();
    one.send(request);
    await one.untilText('served');
    one.close();
  });

  test('calls with wrong arguments throw; those after the end do nothing', async () => {
    started(() => undefined);
    const any = core as unknown as Record<string, (...values: unknown[]) => unknown>;
    for (const [name, ...values] of [
      ['listen', 'x'],
      ['listen', -1],
      ['listenAt', 'nonsense', 1],
      ['listenAt', `/${'x'.repeat(200)}`],
      ['adopt'],
      ['send', 0, 0, 1, 'text'],
      ['send', 0, 0, 1, new Float64Array(1)],
      ['release', {}],
      ['share', 0, 1, 0],
    ] as const)
      expect(() => any[name]!(...values), `${name}(${values.join(', ')})`).toThrow();
    expect(() => create!({} as Limits, () => undefined)).toThrow('create(options, onBatch)');
    core.send(0, 0, 1, new Uint8Array(1));
    expect(core.release(3, 4)).toBeNull();
    expect(core.addressOf(77)).toBe('');
    core.close();
    core.close();
    core.flush();
    core.drain(false);
    expect(core.adopt(0)).toBe(false);
    expect(core.release(0, 0)).toBeNull();
  });
});
