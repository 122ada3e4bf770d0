# truth: {"kind":"lock","line":9}
from clock import Clock, compute
import threading

event = threading.Event()
clock = Clock()
for _ in range(6):
    with clock:
        event.wait(0.2)
    compute()
clock.tell()
