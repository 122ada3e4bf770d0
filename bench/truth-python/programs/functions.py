"""Two functions that take as long: one loops, the other calls a small function again and again.

Prints the CPU time of either, by the program's own clock.
"""

import json
import time


def looping(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def small(i):
    return i * i % 7


def calling(n):
    total = 0
    for i in range(n):
        total += small(i)
    return total


used = {"looping": 0.0, "calling": 0.0}
for _ in range(30):
    for function, n in ((looping, 600_000), (calling, 300_000)):
        start = time.thread_time()
        function(n)
        used[function.__name__] += time.thread_time() - start
print(json.dumps(used))
