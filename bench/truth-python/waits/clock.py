"""The program's own clock around what waits."""

import json
import time


def queued():
    """Seconds for which this thread was ready to run while others had the core: that is no wait of the program's."""
    with open("/proc/thread-self/schedstat") as file:
        return int(file.read().split()[1]) / 1e9


class Clock:
    def __init__(self):
        self.begin = time.perf_counter()
        self.waited = 0.0

    def __enter__(self):
        self.queued = queued()
        self.start = time.perf_counter()

    def __exit__(self, *_):
        self.waited += time.perf_counter() - self.start
        self.waited -= queued() - self.queued

    def tell(self):
        print(json.dumps({"waited": self.waited, "wall": time.perf_counter() - self.begin}))


def compute(seconds=0.05):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        sum(range(500))
