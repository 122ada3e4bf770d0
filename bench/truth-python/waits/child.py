# truth: {"kind":"child","line":10}
from clock import Clock, compute
import subprocess

clock = Clock()
for _ in range(6):
    child = subprocess.Popen(["sleep", "0.25"])
    compute()
    with clock:
        child.wait()
clock.tell()
