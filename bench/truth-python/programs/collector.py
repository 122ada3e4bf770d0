"""Builds many objects that stay, so that the collector looks through them again and again.

Prints how long it was at work, by `gc.callbacks`, and the wall time.
"""

import gc
import json
import time

spent = 0.0
started = 0.0


def watch(phase, info):
    global spent, started
    if phase == "start":
        started = time.perf_counter()
    else:
        spent += time.perf_counter() - started


gc.callbacks.append(watch)
gc.set_threshold(20_000, 2, 2)


class Node:
    def __init__(self, after):
        self.after = after
        self.items = [after]


begin = time.perf_counter()
kept = []
while time.perf_counter() - begin < 2.5:
    node = None
    for _ in range(200):
        node = Node(node)
    kept.append(node)
    if len(kept) > 1500:
        kept.clear()
print(json.dumps({"collector": spent, "wall": time.perf_counter() - begin}))
