/** What a system call waits for, and where its arguments say on what. */
export interface SyscallMeaning {
  /** As a program would call it. */
  readonly call: string;
  readonly waits:
    /** On the file, socket or pipe whose descriptor is the first argument. */
    | 'descriptor'
    /** On a file whose name is the argument `path`. */
    | 'path'
    | 'poll'
    | 'select'
    | 'epoll'
    | 'sleep'
    | 'futex'
    | 'child'
    | 'start'
    | 'signal'
    | 'memory'
    | 'other';
  /** Which argument points to a file's name, where one does. */
  readonly path?: number;
}

const descriptor = (call: string): SyscallMeaning => ({ call, waits: 'descriptor' });
const pathAt = (call: string, path: number): SyscallMeaning => ({ call, waits: 'path', path });
const other = (call: string): SyscallMeaning => ({ call, waits: 'other' });

const read = descriptor('read');
const write = descriptor('write');
const accept = descriptor('accept');
const recv = descriptor('recv');
const send = descriptor('send');
const fsync = descriptor('fsync');
const poll: SyscallMeaning = { call: 'poll', waits: 'poll' };
const select: SyscallMeaning = { call: 'select', waits: 'select' };
const epoll: SyscallMeaning = { call: 'epoll_wait', waits: 'epoll' };
const sleep: SyscallMeaning = { call: 'sleep', waits: 'sleep' };
const futex: SyscallMeaning = { call: 'acquire', waits: 'futex' };
const wait: SyscallMeaning = { call: 'wait', waits: 'child' };
const waitid: SyscallMeaning = { call: 'waitid', waits: 'child' };
/** Until the child has begun its own program. */
const start: SyscallMeaning = { call: 'start', waits: 'start' };
const signal: SyscallMeaning = { call: 'sigwait', waits: 'signal' };
const pause: SyscallMeaning = { call: 'pause', waits: 'signal' };
const semaphore: SyscallMeaning = { call: 'semaphore', waits: 'other' };
const memory = (call: string): SyscallMeaning => ({ call, waits: 'memory' });

/** Those system calls in which programs wait, by number, on x86-64. */
const x64: Readonly<Record<number, SyscallMeaning>> = {
  0: read,
  1: write,
  2: pathAt('open', 0),
  3: descriptor('close'),
  7: poll,
  9: memory('mmap'),
  10: memory('mprotect'),
  11: memory('munmap'),
  12: memory('brk'),
  17: read,
  18: write,
  19: read,
  20: write,
  23: select,
  26: memory('msync'),
  28: memory('madvise'),
  34: pause,
  35: sleep,
  40: descriptor('sendfile'),
  42: descriptor('connect'),
  43: accept,
  44: send,
  45: recv,
  46: send,
  47: recv,
  56: start,
  58: start,
  61: wait,
  65: semaphore,
  69: other('msgsnd'),
  70: other('msgrcv'),
  72: descriptor('fcntl'),
  73: descriptor('flock'),
  74: fsync,
  75: fsync,
  77: descriptor('truncate'),
  82: pathAt('rename', 0),
  87: pathAt('unlink', 0),
  128: signal,
  130: signal,
  162: other('sync'),
  202: futex,
  208: other('io_getevents'),
  217: descriptor('listdir'),
  219: other('restarted call'),
  220: semaphore,
  230: sleep,
  232: epoll,
  243: other('mq_receive'),
  247: waitid,
  257: pathAt('open', 1),
  262: pathAt('stat', 1),
  263: pathAt('unlink', 1),
  264: pathAt('rename', 1),
  270: select,
  271: poll,
  275: descriptor('splice'),
  281: epoll,
  285: descriptor('fallocate'),
  288: accept,
  295: read,
  296: write,
  299: recv,
  306: descriptor('syncfs'),
  307: send,
  326: descriptor('copy_file_range'),
  426: other('io_uring_enter'),
  435: start,
  441: epoll,
  449: futex,
};

/** The same on 64-bit ARM. */
const arm64: Readonly<Record<number, SyscallMeaning>> = {
  4: other('io_getevents'),
  22: epoll,
  25: descriptor('fcntl'),
  32: descriptor('flock'),
  35: pathAt('unlink', 1),
  38: pathAt('rename', 1),
  46: descriptor('truncate'),
  47: descriptor('fallocate'),
  56: pathAt('open', 1),
  57: descriptor('close'),
  61: descriptor('listdir'),
  63: read,
  64: write,
  65: read,
  66: write,
  67: read,
  68: write,
  69: read,
  70: write,
  71: descriptor('sendfile'),
  72: select,
  73: poll,
  76: descriptor('splice'),
  79: pathAt('stat', 1),
  81: other('sync'),
  82: fsync,
  83: fsync,
  95: waitid,
  98: futex,
  101: sleep,
  115: sleep,
  128: other('restarted call'),
  133: signal,
  137: signal,
  183: other('mq_receive'),
  188: other('msgrcv'),
  189: other('msgsnd'),
  192: semaphore,
  193: semaphore,
  202: accept,
  203: descriptor('connect'),
  206: send,
  207: recv,
  211: send,
  212: recv,
  214: memory('brk'),
  215: memory('munmap'),
  220: start,
  222: memory('mmap'),
  226: memory('mprotect'),
  227: memory('msync'),
  233: memory('madvise'),
  242: accept,
  243: recv,
  260: wait,
  267: descriptor('syncfs'),
  269: send,
  276: pathAt('rename', 1),
  285: descriptor('copy_file_range'),
  426: other('io_uring_enter'),
  435: start,
  441: epoll,
  449: futex,
};

/** What the system call with a number waits for on a processor, as `process.arch` calls it. */
export function syscallMeaning(number: number, architecture: string): SyscallMeaning {
  const table = architecture === 'x64' ? x64 : architecture === 'arm64' ? arm64 : {};
  return table[number] ?? other(`system call ${number}`);
}
