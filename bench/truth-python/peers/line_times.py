"""line_profiler over one function of a program: prints its time by line, as JSON.

    python3 line_times.py program.py function
"""

import json
import sys

from line_profiler import LineProfiler

program, name = sys.argv[1:]
sys.argv = [program]
source = open(program).read()
profiler = LineProfiler()
profiler.enable_by_count()
# The function has to be known to it before the program calls it.
wrapped = source.replace(f"def {name}(", f"@profile\ndef {name}(", 1)
exec(compile(wrapped, program, "exec"), {"__name__": "__main__", "profile": profiler})
shift = 1  # the line of the decorator
((_, timings),) = profiler.get_stats().timings.items()
print(json.dumps({line - shift: time for line, _, time in timings}))
