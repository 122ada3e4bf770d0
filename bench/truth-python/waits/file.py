# truth: {"kind":"file","line":22}
from clock import Clock, compute
import fcntl
import os
import tempfile
import time

# Whoever has the lock of the file gives it back after a fifth of a second.
with tempfile.NamedTemporaryFile() as file:
    for _ in range(6):
        started, start = os.pipe()
        if os.fork() == 0:
            held = open(file.name, "r+b")
            fcntl.flock(held, fcntl.LOCK_EX)
            os.write(start, b"x")
            time.sleep(0.2)
            os._exit(0)
        os.read(started, 1)
        clock = globals().setdefault("whole", Clock())
        own = open(file.name, "r+b")
        with clock:
            fcntl.flock(own, fcntl.LOCK_EX)
        own.close()
        compute()
        os.wait()
clock.tell()
