# What each line has allocated, by tracemalloc. A thread looks now and then whether there is much more than at
# the last look; every end that Python sees is looked at, too.
import _thread
import os
import time

# Seconds between two thoughts, and how many times longer than a look itself between two looks at least.
_PAUSE = 0.05
_SHARE = 4
# A new peak is looked at when it is so much higher than the one that was.
_GROWTH = 1.1
# Between two looks at the present, in seconds: the last one counts where the end comes unseen.
_PRESENT = 2.0
# Lines that are told; those beyond are added up as one without a name.
_LINES = 2000


def start(options, folder, own):
    ledger = load("ledger")
    try:
        import tracemalloc
    except ImportError:
        path = ledger.new_file(folder, "memory")
        ledger.append(path, ledger.line(ledger.header("none")))
        return
    ticker = load("ticker")
    memory = Memory(tracemalloc, ledger, folder, own)
    tracemalloc.start(1)
    ticker.before_exit(lambda: memory.end())
    ticker.Ticker(memory.look, memory.forked, memory.end)


class Memory:
    def __init__(self, tracemalloc, ledger, folder, own):
        self._tracemalloc = tracemalloc
        self._ledger = ledger
        self._folder = folder
        self._own = own
        self._functions = {}
        self.forked()

    def forked(self):
        """What a forked child inherits is its own from now on."""
        # A signal's handler may end the program while the same thread is looking.
        self._lock = _thread.RLock()
        self._ended = False
        self._path = self._ledger.new_file(self._folder, "memory")
        self._peak = 0
        self._peak_lines = {}
        self._peak_seen = 0
        self._next = 0.0
        self._present = 0.0
        self._reset_peak()
        self._write({}, False)

    def look(self):
        before = time.perf_counter()
        current, peak = self._tracemalloc.get_traced_memory()
        higher = current > self._peak_seen * _GROWTH
        if before < self._next or not (higher or before >= self._present):
            return _PAUSE
        with self._lock:
            if self._ended:
                return _PAUSE
            self._note_peak(peak)
            lines = self._lines(higher)
            if before >= self._present:
                self._write(lines, False)
                self._present = time.perf_counter() + _PRESENT
            self._reset_peak()
            after = time.perf_counter()
            self._next = after + _SHARE * (after - before)
        return _PAUSE

    def end(self):
        # A program may have stopped it.
        if not self._tracemalloc.is_tracing():
            return
        with self._lock:
            self._ended = True
            current, peak = self._tracemalloc.get_traced_memory()
            self._note_peak(peak)
            self._write(self._lines(current > self._peak_seen), True)
            self._reset_peak()

    def _note_peak(self, peak):
        self._peak = max(self._peak, peak)

    def _reset_peak(self):
        """So that our own work is not in the next one."""
        if hasattr(self._tracemalloc, "reset_peak"):
            self._tracemalloc.reset_peak()

    def _lines(self, is_peak):
        """Bytes and blocks by file and line."""
        lines = {}
        total = 0
        own = self._own
        for trace in self._tracemalloc._get_traces():
            size, frames = trace[1], trace[2]
            place = frames[0]
            if place[0].startswith(own):
                continue
            total += size
            known = lines.get(place)
            if known is None:
                lines[place] = [size, 1]
            else:
                known[0] += size
                known[1] += 1
        if is_peak and total > self._peak_seen:
            self._peak_seen = total
            self._peak_lines = lines
        return lines

    def _write(self, present, ended):
        """The whole file anew, so that it is whole whenever it is read."""
        line = self._ledger.line
        places = set(self._peak_lines) | set(present)
        nothing = (0, 0)

        def weight(place):
            return max(self._peak_lines.get(place, nothing)[0], present.get(place, nothing)[0])

        most = sorted(places, key=weight, reverse=True)
        told, rest = most[:_LINES], most[_LINES:]
        functions = self._functions_of({place[0] for place in told}) if told else {}
        out = [line(self._ledger.header("tracemalloc"))]
        out.append(line(["figures", self._peak, self._peak_seen, sum(each[0] for each in present.values()), ended]))
        for place in told:
            around = _around(functions.get(place[0], ()), place[1])
            peak, now = self._peak_lines.get(place, nothing), present.get(place, nothing)
            out.append(line(["line", place[0], place[1], peak[0], peak[1], now[0], now[1]] + around))
        if rest:
            sums = [
                sum(table.get(place, nothing)[column] for place in rest)
                for table in (self._peak_lines, present)
                for column in (0, 1)
            ]
            out.append(line(["line", "", 0] + sums + [None, None, 0]))
        temporary = self._path + ".new"
        handle = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        os.close(handle)
        self._ledger.append(temporary, b"".join(out))
        os.replace(temporary, self._path)

    def _functions_of(self, files):
        """For each file its functions that are alive: first and last line, name, qualified name."""
        import gc

        function = type(_around)
        found = {}
        seen = set()
        for each in gc.get_objects():
            if type(each) is function and each.__code__.co_filename in files:
                waiting = [(each.__code__, each.__qualname__)]
                while waiting:
                    code, qualname = waiting.pop()
                    if id(code) in seen:
                        continue
                    seen.add(id(code))
                    lines = _lines_of(code)
                    place = (code.co_firstlineno, max(lines), code.co_name, getattr(code, "co_qualname", qualname))
                    found.setdefault(code.co_filename, []).append(place)
                    for inner in code.co_consts:
                        if hasattr(inner, "co_code") and not inner.co_name.startswith("<"):
                            waiting.append((inner, qualname + ".<locals>." + inner.co_name))
        return found


def _lines_of(code):
    if hasattr(code, "co_lines"):
        return [number for _, _, number in code.co_lines() if number] or [code.co_firstlineno]
    lines, number = [code.co_firstlineno], code.co_firstlineno
    for step in code.co_lnotab[1::2]:
        number += step - 256 if step > 127 else step
        lines.append(number)
    return lines


def _around(functions, line):
    """Name, qualified name and first line of the innermost function that has the line."""
    inside = [each for each in functions if each[0] <= line <= each[1]]
    if not inside:
        return [None, None, 0]
    first, _, name, qualname = max(inside)
    return [name, qualname, first]
