"""Two threads that compute in Python for two seconds and so wait for each other's lock.

Prints for each what it did not compute and did not stand in the queue for a core, by the system's own figures.
"""

import json
import threading
import time

found = {}


def compute(name, seconds):
    start = time.perf_counter()
    total = 0
    while time.perf_counter() - start < seconds:
        for i in range(2000):
            total += i
    wall = time.perf_counter() - start
    queued = int(open(f"/proc/self/task/{threading.get_native_id()}/schedstat").read().split()[1]) / 1e9
    found[name] = {
        "tid": threading.get_native_id(),
        "waited": wall - time.thread_time() - queued,
        "wall": wall,
    }


threads = [threading.Thread(target=compute, args=(name, 2)) for name in ("first", "second")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(found))
