# %whet and %%whet: the command `whetstone attach` measures this process from outside for the time of a statement.
import ast
import json
import linecache
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from IPython.core.error import UsageError
from IPython.core.magic import Magics as _Magics
from IPython.core.magic import line_cell_magic, magics_class

# Seconds that the recorder may take to start, and to make its report of a long cell.
_START = 60
_REPORT = 600


@magics_class
class Magics(_Magics):
    @line_cell_magic
    def whet(self, line, cell=None):
        """Measures a statement, or a cell, and prints where its time went.

        Usage: %whet [-r N] statement
               %%whet [-r N]
               (the cell)

        -r N: run it N times in a row, in one report.

        The command 'whetstone' has to be on the PATH, or named by the environment variable WHETSTONE_COMMAND.
        """
        options, rest = self.parse_options(line, "r:", posix=False, strict=False)
        repeats = _count(options.get("r", "1"))
        if cell is None and not rest.strip():
            raise UsageError("%whet needs a statement behind it: %whet parse(text)")
        if cell is not None and rest.strip():
            raise UsageError("%%%%whet takes the cell below it, and was given '%s' too." % rest.strip())
        file, run = _compiled(self.shell, rest if cell is None else cell)
        with tempfile.TemporaryDirectory(prefix="whetstone-cell-") as folder:
            recorder = _Recorder(_command(), folder)
            regions, value = [], None
            try:
                for _ in range(repeats):
                    before = _scheduled()
                    start = time.perf_counter()
                    try:
                        value = run()
                    finally:
                        end = time.perf_counter()
                        used = [None if then is None or now is None else now - then for then, now in zip(before, _scheduled())]
                        regions.append([start * 1e6, (end - start) * 1e6] + used)
            finally:
                report = recorder.stop({"name": "In [%d]" % self.shell.execution_count, "file": file, "regions": regions})
                sys.stdout.flush()
                if repeats > 1:
                    times = [region[1] / 1e6 for region in regions]
                    figures = (len(times), _time(min(times)), _time(statistics.median(times)))
                    print("%d runs: best %s, median %s" % figures)
                print(report)
        return value


class _Recorder:
    """The command, attached to this process."""

    def __init__(self, command, folder):
        self._folder = folder
        self._refusal = None
        with open(os.path.join(folder, "sources.json"), "w", encoding="utf-8") as file:
            json.dump(_cells(), file)
        width = shutil.get_terminal_size((100, 24)).columns
        self._out = open(os.path.join(folder, "report"), "w+b")
        try:
            self._process = subprocess.Popen(
                command + ["attach", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=self._out,
                stderr=subprocess.STDOUT,
                env=dict(os.environ, WHETSTONE_CELLS=folder, COLUMNS=str(width)),
            )
        except OSError as error:
            self._out.close()
            raise UsageError("'%s' cannot be started: %s." % (command[0], error.strerror))
        self._allow(self._process.pid)
        ready = os.path.join(folder, "ready")
        end = time.monotonic() + _START
        while not os.path.exists(ready):
            if self._process.poll() is not None:
                break
            if time.monotonic() > end:
                self._process.kill()
                self._refusal = "whetstone did not start within %d seconds." % _START
                break
            time.sleep(0.002)

    def stop(self, cell):
        """The report of the stretches of time that are the cell's, or why there is none."""
        try:
            with open(os.path.join(self._folder, "regions.json"), "w") as file:
                json.dump(cell, file)
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_REPORT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            self._refusal = "The report took longer than %d seconds." % _REPORT
        finally:
            self._allow(0)
        self._out.seek(0)
        text = self._out.read().decode("utf-8", "replace").rstrip()
        self._out.close()
        if self._refusal is None and self._process.returncode == 0:
            return text
        return "Not measured: %s" % (self._refusal or text or "whetstone ended with %d." % self._process.returncode)

    @staticmethod
    def _allow(pid):
        """Where only ancestors may read a process (Yama's scope 1), this one allows the recorder; 0 takes it back."""
        try:
            with open("/proc/sys/kernel/yama/ptrace_scope") as file:
                if file.read().strip() != "1":
                    return
            import ctypes

            set_ptracer = 0x59616D61
            ctypes.CDLL(None).prctl(set_ptracer, ctypes.c_ulong(pid), 0, 0, 0)
        except (OSError, AttributeError, ImportError):
            pass


def _compiled(shell, text):
    """The name that tracebacks know the text by, and a function that runs it in the user's names and gives its last value."""
    transformed = shell.transform_cell(text)
    name = shell.compile.cache(transformed, shell.execution_count, raw_code=text)
    tree = shell.transform_ast(shell.compile.ast_parse(transformed, filename=name))
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = shell.compile(ast.Expression(tree.body.pop().value), name, "eval")
    body = shell.compile(tree, name, "exec")

    def run():
        exec(body, shell.user_ns)
        return None if last is None else eval(last, shell.user_ns)

    return name, run


def _scheduled():
    """Microseconds that this thread ran, and waited for a core; None where the system does not tell."""
    try:
        with open("/proc/thread-self/schedstat") as file:
            return [int(word) / 1e3 for word in file.read().split()[:2]]
    except (OSError, ValueError):
        return [None, None]


def _cells():
    """The text of every cell, by the name that its functions have for a file."""
    return {
        name: "".join(entry[2])
        for name, entry in list(linecache.cache.items())
        if len(entry) == 4 and (name.startswith("<ipython-input-") or "ipykernel_" in name)
    }


def _command():
    named = os.environ.get("WHETSTONE_COMMAND")
    if named:
        return shlex.split(named)
    found = shutil.which("whetstone")
    if found is None:
        raise UsageError("There is no command 'whetstone' on the PATH. Put it there, or name it in WHETSTONE_COMMAND.")
    return [found]


def _count(text):
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise UsageError("-r takes how many times to run, from 1 on, and was given '%s'." % text)
    return number


def _time(seconds):
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return "%.3g %s" % (seconds / size, unit)
    return "%.3g ns" % (seconds * 1e9)
