# Up to 3.11: the interpreter's own profiler counts in its memory. A thread writes it down a few
# times a second, and every end that Python sees once more.
import _lsprof
import _thread
import sys
import threading
import time

# Seconds between two times of writing down, and how many times longer than the writing itself at least.
_PAUSE = 0.2
_SHARE = 20


def start(wanted, folder, own):
    common = load("counts")
    ticker = load("ticker")
    ledger = load("ledger").Ledger(folder, "profile")
    counting = Counting(common, ledger, own)
    hits = load("hits").Hits(common, ledger, wanted)

    def look():
        before = time.perf_counter()
        counting.write(tidy=True)
        return max(_PAUSE, _SHARE * (time.perf_counter() - before))

    def in_child():
        ledger.afresh()
        counting.forked()
        hits.forked()

    def finish(running):
        if counting.replaced() or (wanted.names and sys.gettrace() is not hits.enter):
            ledger.note("disturbed")
        counting.write(running)
        ledger.note("end")

    def at_end():
        # The hook would otherwise count on while the interpreter takes itself apart.
        counting.stop()
        finish(False)

    if wanted.names:
        threading.settrace(hits.enter)
    threading.setprofile(counting.thread_started)
    ticker.before_exit(lambda: finish(True))
    ticker.Ticker(look, in_child, at_end)
    counting.begin()
    if wanted.names:
        sys.settrace(hits.enter)


class Counting:
    """Calls, one profiler for each thread."""

    def __init__(self, common, ledger, own):
        self._common = common
        self._ledger = ledger
        self._own = own
        self._profilers = {}
        self._ended = []
        # By row: calls of threads that have ended, and those that no profiler saw.
        self._others = {}
        # A signal's handler may end the program while the same thread is writing.
        self._lock = _thread.RLock()
        self._hook = None
        self._replaced = False

    def begin(self):
        self._main = _thread.get_ident()
        self._hook = self._profile_this_thread()

    def stop(self):
        profiler = self._profilers.get(_thread.get_ident())
        if profiler is not None:
            self._replaced = self.replaced()
            self._hook = None
            profiler.disable()

    def replaced(self):
        """Whether the program has taken the hook of the main thread for itself."""
        return self._replaced or (self._hook is not None and sys.getprofile() is not self._hook)

    def thread_started(self, frame, event, arg):
        """The first event of a new thread: the call of its `run`, which the profiler comes too late for."""
        try:
            with self._lock:
                if event == "call":
                    self._add(self._others, frame.f_code, 1)
                self._profile_this_thread()
        except Exception:
            sys.setprofile(None)

    def _profile_this_thread(self):
        ident = _thread.get_ident()
        profiler = _lsprof.Profiler(subcalls=False, builtins=False)
        with self._lock:
            ended = self._profilers.get(ident)
            if ended is not None:
                self._ended.append(ended)
            self._profilers[ident] = profiler
        profiler.enable(subcalls=False, builtins=False)
        return sys.getprofile()

    def forked(self):
        """What was counted before is the parent's; so are the calls that are still running."""
        self._main = ident = _thread.get_ident()
        profiler = self._profilers.get(ident)
        self._kept = (self._profilers, self._ended)
        self._profilers = {} if profiler is None else {ident: profiler}
        self._ended = []
        self._others = {}
        self._lock = _thread.RLock()
        if profiler is not None:
            counted = {}
            self._add_all(counted, profiler)
            self._add_running(counted, sys._getframe())
            self._others = {row: -number for row, number in counted.items()}
        self._hook = sys.getprofile()

    def write(self, running=False, tidy=False):
        """
        With `running` calls that have not returned count, too. With `tidy` profilers of ended threads are given up:
        freeing one takes the hook of the thread that frees it, so this is for a thread without.
        """
        with self._lock:
            frames = sys._current_frames()
            if tidy:
                for ident, profiler in list(self._profilers.items()):
                    # The main thread has no frame either while the interpreter opens the program's file.
                    if ident not in frames and ident != self._main:
                        self._ended.append(self._profilers.pop(ident))
                for profiler in self._ended:
                    self._add_all(self._others, profiler)
                profiler = None
                del self._ended[:]
            counted = dict(self._others)
            for profiler in self._ended:
                self._add_all(counted, profiler)
            for ident, profiler in self._profilers.items():
                self._add_all(counted, profiler)
                if running and ident in frames:
                    self._add_running(counted, frames[ident])
            for row, number in counted.items():
                if number > 0:
                    self._ledger.slots[row] = number

    def _add_all(self, counted, profiler):
        for entry in profiler.getstats():
            if not isinstance(entry.code, str):
                self._add(counted, entry.code, entry.callcount)

    def _add(self, counted, code, number):
        if not code.co_filename.startswith(self._own):
            row = self._common.function_row(self._ledger, code)
            counted[row] = counted.get(row, 0) + number

    def _add_running(self, counted, frame):
        """Calls that have not returned: the profiler counts a call when it does."""
        while frame is not None:
            caller = frame.f_back
            # A thread's `run` was counted by hand; what called it ran before the profiler.
            started = caller is not None and caller.f_code.co_name == "_bootstrap_inner"
            if started or frame.f_code.co_name in ("_bootstrap_inner", "_bootstrap"):
                return
            self._add(counted, frame.f_code, 1)
            frame = caller
