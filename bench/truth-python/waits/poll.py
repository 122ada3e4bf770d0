# truth: {"kind":"poll","line":13}
from clock import Clock, compute
import os
import select
import socket

listening = socket.create_server(("127.0.0.1", 0))
reading, writing = os.pipe()
clock = Clock()
for _ in range(6):
    with clock:
        # Nobody connects and nobody writes.
        select.select([listening, reading], [], [], 0.2)
    compute()
clock.tell()
