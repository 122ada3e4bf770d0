"""Loops over numbers, without a call."""

import sys

from clock import timed


def work():
    total = 0
    for _ in range(int(sys.argv[1])):
        for i in range(60_000):
            total = (total * 31 + i) % 1_000_003
            if total & 1:
                total += i


timed(work)
