# Where the program cannot be looked at from outside: a thread that writes down the stacks of the others, now and
# then. It runs only where the interpreter lets another thread run, so its lines would be wrong; functions are right.
import _thread
import os
import sys
import time

# Seconds between two times of writing down.
_WRITING = 0.25
_MOST_CODES = 50000


def start(options, folder, own):
    ticker = load("ticker")
    ledger = load("ledger")
    sampler = Sampler(ledger, folder, own, options["interval"] / 1e6, options["until"])
    own_time = OwnTime(sampler, options["interval"] / 1e6) if sys.implementation.name == "pypy" else None

    def leave():
        if own_time is not None:
            own_time.stop()
        sampler.end()

    ticker.before_exit(leave)
    ticker.Ticker(sampler.look, sampler.afresh, leave, own_time and own_time.start)


class OwnTime:
    """
    Looks from the main thread, by a signal for each stretch of CPU time: a busy PyPy may not let another thread run
    for half a second. A program that uses SIGPROF itself has it for itself.
    """

    def __init__(self, sampler, interval):
        self._sampler = sampler
        self._interval = interval

    def start(self):
        import _signal

        self._signal = _signal
        if _signal.getsignal(_signal.SIGPROF) not in (_signal.SIG_DFL, self._look):
            return
        _signal.signal(_signal.SIGPROF, self._look)
        _signal.siginterrupt(_signal.SIGPROF, False)
        _signal.setitimer(_signal.ITIMER_PROF, self._interval, self._interval)

    def stop(self):
        if self._signal.getsignal(self._signal.SIGPROF) == self._look:
            # An armed timer would go on into what replaces this program.
            self._signal.setitimer(self._signal.ITIMER_PROF, 0)

    def _look(self, number, frame):
        try:
            self._sampler.look()
        except Exception:
            pass


class Sampler:
    def __init__(self, ledger, folder, own, interval, until):
        self._ledger = ledger
        self._folder = folder
        self._own = own
        self._interval = interval
        self._until = until
        self._chance = os.getpid()
        self.afresh()

    def afresh(self):
        """In a forked child: a file of its own."""
        self._path = self._ledger.new_file(self._folder, "samples")
        self._thread_count = self._code_count = 0
        self._codes = {}
        self._kept = []
        self._stacks = {}
        self._threads = {}
        # Thread: times of CPU and of queueing, in microseconds, at the last look.
        self._spent = {}
        # The thread that loads us, or that has forked.
        self._main = _thread.get_ident()
        self._out = [self._ledger.line(self._ledger.header("sampler") + [sys.executable or "", _now()])]
        self._last = _now()
        self._process_spent = time.process_time() * 1e6
        self._written = 0.0
        self._over = False
        self._looking = _thread.allocate_lock()
        self._write()

    def look(self):
        if not self._looking.acquire(False):
            return self._interval
        try:
            return self._look()
        finally:
            self._looking.release()

    def _look(self):
        now = _now()
        if self._over or (self._until is not None and now > self._until):
            return 1.0
        if now - self._last < self._interval * 2.5e5:
            return self._interval
        frames = sys._current_frames()
        process_spent = time.process_time() * 1e6
        alone = min(process_spent - self._process_spent, now - self._last) if len(frames) <= 2 else None
        # The main one first, so that it is always the first one told.
        for ident, frame in sorted(frames.items(), key=lambda each: each[0] != self._main):
            # A signal's handler, what we put around forks and exits, and all of our own thread.
            while frame is not None and frame.f_code.co_filename.startswith(self._own):
                frame = frame.f_back
            if frame is None:
                continue
            thread = self._thread(ident)
            spent = _spent_by(thread[1])
            if spent is not None:
                before = self._spent.get(ident, (0 if thread[2] else spent[0], spent[1]))
                cpu, queued = spent[0] - before[0], spent[1] - before[1]
                self._spent[ident] = spent
            else:
                cpu, queued = alone, None
            stack = self._stack(frame)
            if stack >= 0:
                values = ["sample", thread[0], self._last, now - self._last, stack, frame.f_lineno or 0, cpu, queued]
                self._out.append(self._ledger.line(values))
        self._last = now
        self._process_spent = process_spent
        for ident in [each for each in self._threads if each not in frames]:
            del self._threads[ident]
            self._spent.pop(ident, None)
        if time.perf_counter() - self._written > _WRITING:
            self._write()
        # Never in step with what the program does at equal intervals.
        self._chance = (self._chance * 1103515245 + 12345) % 2147483648
        return self._interval * (0.5 + self._chance / 2147483648)

    def end(self):
        if not self._over:
            self._out.append(self._ledger.line(["end", _now()]))
            self._over = True
        self._write()

    def _write(self):
        out, self._out = self._out, []
        if out:
            self._ledger.append(self._path, b"".join(out))
        self._written = time.perf_counter()

    def _thread(self, ident):
        """Its number, its number for the system, and whether it is the main one."""
        known = self._threads.get(ident)
        if known is None:
            main = ident == self._main
            threading = sys.modules.get("threading")
            thread = getattr(threading, "_active", {}).get(ident)
            native = os.getpid() if main else getattr(thread, "native_id", None)
            known = self._threads[ident] = (self._thread_count, native, main)
            self._thread_count += 1
            name = getattr(thread, "name", "MainThread" if main else "")
            self._out.append(self._ledger.line(["thread", known[0], native or 0, name, main]))
        return known

    def _stack(self, frame):
        chain = []
        while frame is not None:
            chain.append(frame)
            frame = frame.f_back
        row, line = -1, 0
        for frame in reversed(chain):
            code = frame.f_code
            key = (row, self._code(code), line)
            known = self._stacks.get(key)
            if known is None:
                known = self._stacks[key] = len(self._stacks)
                self._out.append(self._ledger.line(["stack", known, row, key[1], line]))
            row, line = known, frame.f_lineno or 0
        return row

    def _code(self, code):
        known = self._codes.get(id(code))
        if known is None:
            qualname = getattr(code, "co_qualname", None)
            known = self._code_count
            self._code_count += 1
            values = ["code", known, code.co_filename, code.co_name, qualname, code.co_firstlineno]
            self._out.append(self._ledger.line(values))
            if len(self._kept) < _MOST_CODES:
                self._kept.append(code)
                self._codes[id(code)] = known
        return known


def _now():
    return time.perf_counter() * 1e6


def _spent_by(native):
    """CPU time and time in the queue of a thread, in microseconds; None where the system does not tell."""
    try:
        handle = os.open("/proc/self/task/%d/schedstat" % native, os.O_RDONLY)
    except (OSError, TypeError):
        return None
    try:
        cpu, queued = os.read(handle, 100).split()[:2]
        return int(cpu) / 1000, int(queued) / 1000
    finally:
        os.close(handle)
