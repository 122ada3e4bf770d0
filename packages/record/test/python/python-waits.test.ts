import { expect, test } from 'vitest';
import { parseInternetSockets, parseLocalSockets } from '../../src/python/python-waits-sockets.ts';
import { syscallMeaning } from '../../src/python/python-waits-syscalls.ts';
import { parseSyscall, shortCommand, WaitNames } from '../../src/python/python-waits.ts';

test('reads what the system says of a thread', () => {
  expect(parseSyscall('running\n')).toBeNull();
  expect(parseSyscall('')).toBeNull();
  expect(parseSyscall('-1 0x7ffd0 0x7f11\n')).toEqual({ number: -1, arguments: [0x7ffd0, 0x7f11] });
  expect(parseSyscall('45 0x3 0x7f0010 0x1 0x0 0x0 0x0 0x7ffd0 0x7f11\n')).toEqual({
    number: 45,
    arguments: [3, 0x7f0010, 1, 0, 0, 0],
  });
});

test('knows the same calls by the numbers of either processor', () => {
  const numbers = {
    recv: [45, 207],
    accept: [43, 202],
    epoll_wait: [232, 22],
    fsync: [74, 82],
    wait: [61, 260],
  };
  for (const [call, [x64 = 0, arm64 = 0]] of Object.entries(numbers)) {
    expect([syscallMeaning(x64, 'x64').call, syscallMeaning(arm64, 'arm64').call]).toEqual([call, call]);
  }
  expect(syscallMeaning(9999, 'x64')).toEqual({ call: 'system call 9999', waits: 'other' });
});

test('names the other end of a socket', () => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0200000A:01BB 01 00000000:00000000 00:00000000 00000000     0        0 5678 1 0000000000000000 20 4 30 10 -1
`;
  expect(parseInternetSockets(tcp)).toEqual([
    ['1234', '127.0.0.1:8080'],
    ['5678', '10.0.0.2:443'],
  ]);
  const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:A000 0000000000000000FFFF00000100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0 20 4 30 10 -1
   2: B80D0120000000000000000001000000:A000 B80D0120000000000000000002000000:0050 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0 20 4 30 10 -1
`;
  expect(parseInternetSockets(tcp6)).toEqual([
    ['11', '[::1]:8080'],
    ['12', '127.0.0.1:80'],
    ['13', '[2001:db8::2]:80'],
  ]);
  const unix = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 20001 /run/with space.sock
0000000000000000: 00000003 00000000 00000000 0001 03 20002
`;
  expect(parseLocalSockets(unix)).toEqual([
    ['20001', '/run/with space.sock'],
    ['20002', ''],
  ]);
});

test.each([
  [['/usr/bin/sleep', '1', ''], 'sleep 1'],
  [['/usr/bin/python3', '-u', '/app/main.py', 'x'], 'python3 main.py'],
  [['python3', '-m', 'pytest', 'tests'], 'python3 -m pytest'],
  [['python3.12', '-c', 'import time\ntime.sleep(1)'], 'python3.12 -c import time time.sleep(1)'],
  [
    ['/bin/sh', '-ec', 'cd /somewhere/else\nmake all\nmake install'],
    'sh -ec cd /somewhere/else make all ma…',
  ],
  [['true'], 'true'],
  [[], ''],
])('names the command %j in one short line', (words, name) => expect(shortCommand(words)).toBe(name));

test('says what a thread calls that waits for a lock', () => {
  const names = new WaitNames(process.pid, null);
  const futex = { number: process.arch === 'arm64' ? 98 : 202, arguments: [4096] };
  const frames = (...qualified: string[]) =>
    qualified.map((name) => ({
      fileName: name.startsWith('Queue') ? '/lib/queue.py' : '/lib/threading.py',
      qualifiedName: name,
    }));
  const own = { fileName: '/home/own.py', qualifiedName: 'main' };
  expect(names.name(futex, [own]).call).toBe('acquire');
  expect(names.name(futex, [...frames('Condition.wait', 'Queue.get'), own]).call).toBe('Queue.get');
  expect(names.name(futex, [...frames('Thread._wait_for_tstate_lock', 'Thread.join'), own]).call).toBe(
    'Thread.join',
  );
  expect(names.name(futex, frames('Condition.wait', 'Thread._bootstrap_inner')).call).toBe('Condition.wait');
});
