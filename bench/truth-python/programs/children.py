"""Computes in three children, started in three ways.

Prints the CPU time of `work` in each, by the child's own clock.
"""

import json
import multiprocessing
import subprocess
import sys
import time


def work(seconds):
    start = time.thread_time()
    total = 0
    while time.thread_time() - start < seconds:
        for i in range(2000):
            total += i
    return time.thread_time() - start


def send(queue, name, seconds):
    queue.put((name, work(seconds)))


if __name__ == "__main__" and sys.argv[1:2] == ["child"]:
    print(work(float(sys.argv[2])))
elif __name__ == "__main__":
    used = {}
    for name, seconds in (("fork", 0.6), ("spawn", 0.9)):
        context = multiprocessing.get_context(name)
        queue = context.Queue()
        child = context.Process(target=send, args=(queue, name, seconds))
        child.start()
        used[name] = queue.get()[1]
        child.join()
    out = subprocess.run([sys.executable, __file__, "child", "1.2"], capture_output=True, text=True, check=True)
    used["subprocess"] = float(out.stdout)
    print(json.dumps(used))
