import { maskSecrets } from '@whetstone/record/assembling';
import { describe, expect, test } from 'vitest';

describe('maskSecrets', () => {
  test.each([
    ['--token=abc', '--token=***'],
    ['--api-key=abc', '--api-key=***'],
    ['--apiToken=abc', '--apiToken=***'],
    ['dbPassword=x', 'dbPassword=***'],
    ['--pass=abc', '--pass=***'],
    ['http://x.org/?accessToken=12&page=2', 'http://x.org/?accessToken=***&page=2'],
    ['--db-password=x y', '--db-password=***'],
    ['DB_PASSWORD=hunter2', 'DB_PASSWORD=***'],
    ['https://me:secret@example.org/a', 'https://***@example.org/a'],
    ['postgres://u:p@db:5432/x?sslmode=on', 'postgres://***@db:5432/x?sslmode=on'],
    ['http://x.org/?api_key=12&page=2', 'http://x.org/?api_key=***&page=2'],
    ['Authorization: Bearer abcdefgh12345', 'Authorization: ***'],
    ['ghp_16C7e42F292c6912E7710c838347Ae178B4a', '***'],
    ['--id=8f14e45fceea167a5a36dedd4bea2543', '--id=***'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N', '***'],
  ])('masks %s', (argument, masked) => {
    expect(maskSecrets(['node', 'app.js', argument])).toEqual(['node', 'app.js', masked]);
  });

  test('masks the value that follows an option', () => {
    expect(maskSecrets(['app', '--password', 'hunter2', '-token', 'x', 'file.txt'])).toEqual([
      'app',
      '--password',
      '***',
      '-token',
      '***',
      'file.txt',
    ]);
  });

  test.each([
    ['-u', 'me:pw1234', 'me:***'],
    ['--user', 'me:a:b c', 'me:***'],
    ['--proxy-user', 'me:pw', 'me:***'],
  ])('masks the password of %s %s', (option, value, masked) => {
    expect(maskSecrets(['curl', option, value, 'next'])).toEqual(['curl', option, masked, 'next']);
    expect(maskSecrets([`${option}=${value}`])).toEqual([`${option}=${masked}`]);
  });

  test.each([
    ['-u', 'me'],
    ['-u', '1000:1000'],
    ['-u', 'http://localhost:80/a'],
    ['-u', 'C:\\app.py'],
    ['-u', 'src/app.py:12'],
    ['-p', '8080:80'],
    ['-p', '.'],
  ])('keeps the value of %s %s', (option, value) => {
    expect(maskSecrets(['tool', option, value])).toEqual(['tool', option, value]);
  });

  test('keeps the next option where a value is missing', () => {
    expect(maskSecrets(['app', '--token', '--verbose'])).toEqual(['app', '--token', '--verbose']);
  });

  test.each([
    '/usr/bin/node',
    'packages/whetstone/bin/whetstone.js',
    '--max-old-space-size=4096',
    '--experimental-default-type=module',
    'a-rather-long-file-name-of-words-2026-11-21.json',
    'thisIsAnOrdinaryLongIdentifierOfWords',
    '--author=somebody',
    '--tokens=5',
    '--bypass=5',
    '--maxTokens=5',
    '--keyboard',
    'http://127.0.0.1:8080/path?page=2',
    '20261121T101200',
  ])('keeps %s', (argument) => {
    expect(maskSecrets([argument, 'next'])).toEqual([argument, 'next']);
  });
});
