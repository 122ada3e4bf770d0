"""An in-process sampler as most are: a signal every millisecond, whose handler notes the line that runs.

    python3 sampler.py program.py args…

Prints what the program prints, then a line of JSON: samples by line of the program, and by function.
"""

import collections
import json
import runpy
import signal
import sys

lines = collections.Counter()
functions = collections.Counter()
program = sys.argv[1]


def note(_, frame):
    # The innermost frame alone: its own time.
    if frame is not None and frame.f_code.co_filename == program:
        lines[frame.f_lineno] += 1
        functions[frame.f_code.co_name] += 1


sys.argv = sys.argv[1:]
sys.path.insert(0, program.rsplit("/", 1)[0])
signal.signal(signal.SIGPROF, note)
signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
try:
    runpy.run_path(program, run_name="__main__")
finally:
    signal.setitimer(signal.ITIMER_PROF, 0)
print(json.dumps({"lines": lines, "functions": functions}))
