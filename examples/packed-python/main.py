"""Reads water levels, says how high they were, and has another process find their periods."""

import subprocess
import sys
from pathlib import Path

import numpy

folder = Path(__file__).parent
hours, metres = numpy.loadtxt(folder / "heights.csv", delimiter=",", skiprows=1, unpack=True)
print(f"{len(hours)} hours, {metres.min():.2f} m to {metres.max():.2f} m")
found = subprocess.run(
    [sys.executable, folder / "strongest.py"],
    input=metres.tobytes(),
    stdout=subprocess.PIPE,
    check=True,
)
print(f"strongest period: {found.stdout.decode().strip()}")
