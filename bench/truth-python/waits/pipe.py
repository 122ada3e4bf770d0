# truth: {"kind":"pipe","line":17}
from clock import Clock, compute
import os
import time

reading, writing = os.pipe()
if os.fork() == 0:
    os.close(reading)
    for _ in range(6):
        time.sleep(0.25)
        os.write(writing, b"x")
    os._exit(0)
os.close(writing)
clock = Clock()
for _ in range(6):
    with clock:
        os.read(reading, 1)
    compute()
clock.tell()
os.wait()
