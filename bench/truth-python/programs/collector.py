"""Builds many objects that stay, so that the collector looks through them again and again.

Prints how long it was at work, by `gc.callbacks`, and all of it: CPU time, for other programs may have the core.
"""

import gc
import json
import os
import time

spent = 0.0
started = 0.0


def watch(phase, info):
    global spent, started
    if phase == "start":
        started = time.thread_time()
    else:
        spent += time.thread_time() - started


gc.callbacks.append(watch)
gc.set_threshold(50_000, 3, 3)


class Node:
    def __init__(self, after):
        self.after = after
        self.items = [after]


begin = time.thread_time()
kept = []
while time.thread_time() - begin < 1.5:
    node = None
    for _ in range(200):
        node = Node(node)
    kept.append(node)
    if len(kept) > 1500:
        kept.clear()
print(json.dumps({"collector": spent, "cpu": time.thread_time()}), flush=True)
# At the end the collector runs once more, and tells nobody.
os._exit(0)
