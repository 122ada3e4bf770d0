/** A wait that a function of Python written in C is: the kind, and the call as programs write it. */
export interface WaitingBuiltin {
  readonly kind: string;
  readonly call: string;
}

/** Each with the kind of wait; the first group is the call. Functions that may also compute are not among them. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/^(time\.sleep)$/, 'sleep'],
  [/^(select\.select)$/, 'poll'],
  [/^'(poll|control)' of 'select\.\w+' objects$/, 'poll'],
  [/^'(acquire)' of '_?thread\.(?:lock|RLock)' objects$/, 'lock'],
  [/^'(get)' of '_queue\.SimpleQueue' objects$/, 'lock'],
  [/^'(recv|recv_into|recvfrom|recvfrom_into|accept|connect)' of '_socket\.socket' objects$/, 'socket'],
  [/^'(read|do_handshake)' of '_ssl\._SSLSocket' objects$/, 'socket'],
  [/^(?:posix|nt)\.(waitpid|waitid|wait|wait3|wait4)$/, 'child'],
];

/**
 * What a function waits for that `pstats` knows by a name such as `<built-in method time.sleep>`; `null` where
 * it computes, or may.
 */
export function waitingBuiltin(name: string): WaitingBuiltin | null {
  const inner = /^<(?:built-in (?:method|function) |method )?(.*)>$/.exec(name)?.[1] ?? '';
  for (const [pattern, kind] of patterns) {
    const call = pattern.exec(inner)?.[1];
    if (call !== undefined) return { kind, call };
  }
  return null;
}
