"""A loop of three lines of which the first takes most of the time, and that calls nothing.

With `--truth` prints what each line costs: the least time of loops that hold the line alone, less the empty loop.
"""

import json
import sys
import time

N = 400_000


def whole(n):
    a = b = c = 0
    for i in range(n):
        a = i * 3 + i * 5 - i * 7 + i * 9 - i * 11 + i * 13 - i * 15 + i * 17 - i * 19 + i * 21 - i * 23 + i
        b = i + 1
        c = i - b
    return a + b + c


def empty(n):
    for i in range(n):
        pass


def heavy(n):
    for i in range(n):
        a = i * 3 + i * 5 - i * 7 + i * 9 - i * 11 + i * 13 - i * 15 + i * 17 - i * 19 + i * 21 - i * 23 + i
    return a


def light(n):
    for i in range(n):
        b = i + 1
    return b


def last(n):
    b = 1
    for i in range(n):
        c = i - b
    return c


def least(function, rounds=15):
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        function(N // 4)
        times.append(time.thread_time() - start)
    return min(times)


if "--truth" in sys.argv:
    loop = least(empty)
    costs = {15: loop, 16: least(heavy) - loop, 17: least(light) - loop, 18: least(last) - loop}
    print(json.dumps(costs))
else:
    for _ in range(16):
        whole(N)
