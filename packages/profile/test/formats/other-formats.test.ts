import {
  detectFormat,
  formats,
  readProfile,
  writeCollapsed,
  writeSpeedscope,
  writeWhet,
  type Profile,
} from '@whetstone/profile';
import { profileOf } from '@whetstone/profile/testing';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { arbitraryProfile, recordedProfile } from '../arbitrary-profile.ts';
import { zlibCodec } from '../zlib-codec.ts';

const text = (chunks: Iterable<Uint8Array>) => Buffer.concat([...chunks]).toString();
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
const cpuProfile = readFileSync(new URL('../fixtures/node20.cpuprofile', import.meta.url));

interface Speedscope {
  readonly shared: {
    readonly frames: readonly { readonly name: string; readonly file?: string; readonly line?: number }[];
  };
  readonly profiles: readonly {
    readonly type: string;
    readonly unit: string;
    readonly startValue: number;
    readonly endValue: number;
    readonly samples: readonly (readonly number[])[];
    readonly weights: readonly number[];
  }[];
}

describe('writeSpeedscope', () => {
  test('writes stacks from the root with their weights', () => {
    const given = JSON.parse(
      text(writeSpeedscope(profileOf('main@/app/main.ts:3 10', 'main@/app/main.ts:3;parse 30'))),
    ) as Speedscope;
    expect(given).toMatchObject({
      $schema: 'https://www.speedscope.app/file-format-schema.json',
      shared: {
        frames: [
          { name: 'main', file: '/app/main.ts', line: 3, col: 1 },
          { name: 'parse', file: '/app/app.ts' },
        ],
      },
      profiles: [
        {
          type: 'sampled',
          unit: 'microseconds',
          startValue: 0,
          endValue: 40,
          samples: [[0], [0, 1]],
          weights: [10, 30],
        },
      ],
    });
  });

  test('has one profile a thread, whose weights are all of its time', () => {
    fc.assert(
      fc.property(arbitraryProfile, (profile) => {
        const { profiles, shared } = JSON.parse(text(writeSpeedscope(profile))) as Speedscope;
        expect(profiles).toHaveLength(profile.threads.length);
        for (const { samples, weights, startValue, endValue } of profiles) {
          expect(samples).toHaveLength(weights.length);
          expect(endValue - startValue).toBeCloseTo(sum(weights), 0);
          expect(samples.flat().every((frame) => frame < shared.frames.length)).toBe(true);
        }
      }),
    );
  });
});

describe('writeCollapsed', () => {
  test('writes one line a call path', () => {
    const profile = profileOf(
      'main@/app/main.ts:3 10.4',
      'main@/app/main.ts:3;parse@/app/p.ts:1 30',
      '(idle) 5',
      'main@/app/main.ts:3 2',
    );
    expect(text(writeCollapsed(profile))).toBe(
      ['main (/app/main.ts:3) 12', 'main (/app/main.ts:3);parse (/app/p.ts:1) 30', '(idle) 5', ''].join('\n'),
    );
  });

  test('keeps frames and lines apart, whatever names hold', () => {
    fc.assert(
      fc.property(recordedProfile, (profile) => {
        const lines = text(writeCollapsed(profile)).split('\n').slice(0, -1);
        for (const line of lines) expect(line).toMatch(/^[^\r\n]+ \d+$/u);
        const time = sum(lines.map((line) => Number(line.slice(line.lastIndexOf(' ')))));
        const self = sum(profile.measures[0]?.value ?? []);
        expect(Math.abs(time - self)).toBeLessThanOrEqual(profile.nodes.parent.length);
      }),
    );
  });

  test('names threads where there are several', () => {
    const profile = profileOf('main 10');
    const two: Profile = {
      ...profile,
      threads: [
        ...profile.threads,
        { ...(profile.threads[0] as Profile['threads'][number]), name: 'work;er', thread: 1 },
      ],
      samples: [...profile.samples, ...profile.samples],
      measures: profile.measures.map((measure) => ({ ...measure, thread: Int32Array.of(1) })),
    };
    expect(text(writeCollapsed(two))).toBe('work,er (process 1 thread 1);main (/app/app.ts) 10\n');
  });
});

describe('formats', () => {
  test('are told by what is in the file', async () => {
    expect(detectFormat(cpuProfile)).toBe('cpuprofile');
    expect(detectFormat(Buffer.from('{"startTime":1,"x":[{}],"nodes":['))).toBe('cpuprofile');
    expect(detectFormat(await writeWhet(profileOf('main 1'), zlibCodec))).toBe('whet');
    expect(detectFormat(Buffer.from('{"traceEvents":[]}'))).toBeNull();
    expect(detectFormat(Buffer.from('hello'))).toBeNull();
    expect(detectFormat(new Uint8Array())).toBeNull();
  });

  test('are read by what is in the file', async () => {
    const profile = profileOf('main 1', 'main;parse 3');
    expect(await readProfile(await writeWhet(profile, zlibCodec), zlibCodec)).toEqual(profile);
    expect((await readProfile(cpuProfile, zlibCodec)).threads).toHaveLength(1);
  });

  test('that are none say what was expected and found', async () => {
    await expect(readProfile(Buffer.from('hello'), zlibCodec)).rejects.toMatchObject({
      code: 'PROFILE_UNKNOWN_FORMAT',
      message:
        'Expected the content of a .whet, .cpuprofile, .prof, .lprof or .pstats.txt file at byte 0, found 68 65 6c 6c 6f.',
    });
    await expect(readProfile(new Uint8Array(), zlibCodec)).rejects.toMatchObject({ code: 'PROFILE_EMPTY' });
  });

  test.each(formats.filter(({ write }) => write).map((format) => [format.name, format] as const))(
    '%s writes pieces',
    async (_, format) => {
      const chunks = [...(await format.write!(profileOf('main 1', 'main;parse 3'), zlibCodec))];
      expect(chunks.every((chunk) => chunk instanceof Uint8Array && chunk.length > 0)).toBe(true);
      expect(format.extensions[0]).toMatch(/^\./);
      if (format.read !== undefined) {
        const profile = await format.read(Buffer.concat(chunks), zlibCodec);
        expect([...profile.nodes.parent]).toEqual([-1, 0]);
      }
    },
  );
});
