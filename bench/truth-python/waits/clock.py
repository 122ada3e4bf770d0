"""The program's own clock around what waits."""

import json
import time


class Clock:
    def __init__(self):
        self.begin = time.perf_counter()
        self.waited = 0.0

    def __enter__(self):
        self.start = time.perf_counter()

    def __exit__(self, *_):
        self.waited += time.perf_counter() - self.start

    def tell(self):
        print(json.dumps({"waited": self.waited, "wall": time.perf_counter() - self.begin}))


def compute(seconds=0.05):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        sum(range(500))
