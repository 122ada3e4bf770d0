# truth: {"kind":"sleep","line":8}
from clock import Clock, compute
import time

clock = Clock()
for _ in range(6):
    with clock:
        time.sleep(0.2)
    compute()
clock.tell()
