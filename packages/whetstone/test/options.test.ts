import { describe, expect, test } from 'vitest';
import { parseOptions, readCount, readDuration, type Option } from '../src/options.ts';

const known: Option[] = [
  { name: 'counts', help: '' },
  { name: 'quiet', short: 'q', help: '' },
  { name: 'top', value: 'N', read: readCount, help: '' },
  { name: 'interval', value: 'TIME', read: readDuration('us'), help: '' },
  { name: 'for', value: 'TIME', read: readDuration('s'), help: '' },
  { name: 'sort', value: 'COLUMN', choices: ['self', 'total', 'calls'], help: '' },
  { name: 'lines', value: 'NAME', many: true, help: '' },
  { name: 'depth', value: 'whole', optional: true, choices: ['whole'], help: '' },
];
const parse = (...args: string[]) => {
  const { options, rest } = parseOptions(args, known, { stopAtFirst: true });
  return { ...Object.fromEntries(options), rest };
};

describe('options', () => {
  test('end at the program, whose own options are left alone', () => {
    expect(parse('--counts', 'app.ts', '--counts', '--port=3')).toEqual({
      counts: true,
      rest: ['app.ts', '--counts', '--port=3'],
    });
  });
  test('end at --', () => {
    expect(parse('-q', '--', '--odd-name.js')).toEqual({ quiet: true, rest: ['--odd-name.js'] });
  });
  test.each(['-m', '-c'])('end at %s, which begins a program of Python', (option) => {
    expect(parse('-q', option, 'module', '-q')).toEqual({ quiet: true, rest: [option, 'module', '-q'] });
  });
  test('take a value that may be left out after = alone', () => {
    expect(parse('--depth', 'whole')).toEqual({ depth: true, rest: ['whole'] });
    expect(parse('--depth=whole', 'a')).toEqual({ depth: 'whole', rest: ['a'] });
    expect(() => parse('--depth=half', 'a')).toThrow(/can be whole/);
  });
  test('take their value after = or a blank', () => {
    expect(parse('--top=5', '--sort', 'total', 'a')).toEqual({ top: 5, sort: 'total', rest: ['a'] });
  });
  test('may stand more than once where they say so', () => {
    expect(parse('--lines', 'f', '--lines=g')).toEqual({ lines: ['f', 'g'], rest: [] });
  });
  test.each([
    [['--interval', '250us'], 250],
    [['--interval', '250'], 250],
    [['--interval', '1.5ms'], 1500],
  ])('read %j as microseconds', (args, interval) => {
    expect(parse(...args)).toEqual({ interval, rest: [] });
  });
  test('read a bare number of --for as seconds', () => {
    expect(parse('--for', '30')).toEqual({ for: 30e6, rest: [] });
  });
  test.each([
    [['--conuts'], "no option '--conuts'. Did you mean --counts?"],
    [['--xyzzy'], "no option '--xyzzy'."],
    [['--counts=yes'], "--counts takes no value, and was given 'yes'."],
    [['--top'], '--top needs a value: --top N.'],
    [['--top', '0'], "--top is '0', and takes a whole number above 0."],
    [['--sort', 'slef'], "--sort is 'slef', and can be self, total, calls. Did you mean self?"],
    [['--for', 'ever'], "--for is 'ever', and takes a time above 0 such as 30s or 5m."],
    [['--interval', '-1'], "--interval is '-1', and takes a time above 0 such as 250us or 1ms."],
  ])('refuse %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});
