# truth: {"kind":"socket","line":20}
from clock import Clock, compute
import os
import socket
import time

ours, theirs = socket.socketpair()
if os.fork() == 0:
    ours.close()
    for _ in range(6):
        theirs.recv(1)
        time.sleep(0.2)
        theirs.send(b"answer")
    os._exit(0)
theirs.close()
clock = Clock()
for _ in range(6):
    ours.send(b"?")
    with clock:
        ours.recv(100)
    compute()
clock.tell()
os.wait()
