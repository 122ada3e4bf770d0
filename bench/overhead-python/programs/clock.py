"""The program's own clock: wall and CPU time of a stretch, in seconds, added to the file that is named last."""

import json
import sys
import time


def timed(work):
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    with open(sys.argv[-1], "a") as file:
        file.write(json.dumps(figures) + "\n")
