import {
  allOf,
  anyOf,
  ifError,
  ifMessage,
  ifResult,
  not,
  retry,
  retryBudget,
  retrySync,
  stopAfterDelay,
  stopBeforeDelay,
  waitByError,
  waitChain,
  waitExponential,
  waitRetryAfter,
  waitSum,
  logBeforeSleep,
} from '@whetstone/retry';

const get = async (url: string, n?: number): Promise<{ status: number }> => ({
  status: url.length + (n ?? 0),
});

// Ways in keep arguments and result.
const bare: Promise<{ status: number }> = retry(get)('x', 1);
const some = retry(get, {
  attempts: 3,
  timeout: '30s',
  wait: waitExponential({ jitter: 'full', max: '5s' }),
  retryIf: (s) => s.outcome?.ok === true && s.outcome.value.status >= 500,
  beforeSleep: logBeforeSleep(console),
});
const wrapped: Promise<{ status: number }> = some('x');
const again: Promise<{ status: number }> = some.with({ attempts: 5 })('x');
const policy = retry({
  attempts: 3,
  wait: waitRetryAfter({ fallback: waitExponential() }),
  budget: retryBudget(),
});
const byPolicy: Promise<{ status: number }> = policy(get)('x');
const ran: Promise<number> = policy.run(async ({ signal, attemptNumber }) => {
  signal.throwIfAborted();
  return attemptNumber;
});
const fallenBack: Promise<{ status: number } | null> = retry(get, { fallback: () => null })('x');
const sync: number = retrySync((x: number) => x + 1)(1);
const syncOrNull: number | null = retrySync((x: number) => x + 1, { fallback: () => null }).with({
  attempts: 2,
})(1);
const later: Promise<{ status: number } | 'none'> = some.with({ fallback: () => 'none' as const })('x');
const stricter = policy.with({ retryIf: ifResult((v: number) => v < 0) });
const strict: Promise<number> = stricter(async () => 3)();

class Device {
  readonly ip = '';
  @retry async ping(): Promise<boolean> {
    return this.ip !== '';
  }
  @retry({
    attempts: 5,
    retryIf: anyOf(
      ifError(RangeError),
      ifResult((v: number) => v < 0),
    ),
  })
  async read(key: string): Promise<number> {
    return key.length;
  }
}
const read: Promise<number> = new Device().read('t');

async function block(): Promise<{ status: number } | undefined> {
  for await (const attempt of policy.attempts()) {
    try {
      return await get('x', attempt.number);
    } catch (error) {
      attempt.failed(error);
    }
  }
  return undefined;
}
const lines = policy.stream(async function* ({ count }, topic: string) {
  yield topic + count;
});
for await (const line of lines('t')) void (line satisfies string);

// Strategies combine, with each other and with plain functions.
retry(get, {
  stop: anyOf(
    stopAfterDelay('1m'),
    allOf(stopBeforeDelay(500), (s) => s.attemptNumber > 2),
  ),
});
retry(get, { retryIf: allOf(not(ifError(TypeError)), ifError(Error)) });
retry(get, {
  wait: waitChain('1s', waitSum('2s', waitExponential()), waitByError([[RangeError, '5s']], '1s')),
});

// @ts-expect-error wrong argument
retry(get)(3);
// @ts-expect-error the result is a promise
const notYet: { status: number } = retry(get)('x');
// @ts-expect-error an asynchronous function for retrySync
retrySync(get);
// @ts-expect-error an asynchronous condition for retrySync
retrySync((x: number) => x, { retryIf: async () => true });
// @ts-expect-error not a duration
retry(get, { timeout: '30 sec' });
// @ts-expect-error a typo in an option
retry(get, { attemps: 3 });
// @ts-expect-error a property that the result lacks
retry(get, { retryIf: (s) => s.outcome?.ok === true && s.outcome.value.code > 1 });
// @ts-expect-error a result predicate of another type
retry(get, { retryIf: ifResult((v: string) => v === '') });
class Wrong {
  // @ts-expect-error a synchronous method
  @retry sync(): number {
    return 1;
  }
}
void [
  syncOrNull,
  later,
  strict,
  bare,
  wrapped,
  again,
  byPolicy,
  ran,
  fallenBack,
  sync,
  read,
  block,
  notYet,
  Wrong,
];

// Conditions that look at errors alone are synchronous, and so serve retrySync and `stop`, too.
retrySync((x: number) => x, { retryIf: anyOf(ifError(RangeError), ifMessage('busy')) });
retry(get, { stop: anyOf(ifError(TypeError), stopAfterDelay('1m')) });
// @ts-expect-error an asynchronous result predicate for retrySync
retrySync((x: number) => x, { retryIf: ifResult(async (v: number) => v < 0) });
// @ts-expect-error an asynchronous stop
retry(get, { stop: async () => true });
