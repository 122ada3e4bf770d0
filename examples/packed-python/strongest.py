"""The child process: the period that the numbers on stdin have most of, if each is an hour later."""

import sys

import numpy

levels = numpy.frombuffer(sys.stdin.buffer.read())
strength = abs(numpy.fft.rfft(levels - levels.mean()))
print(f"{len(levels) / strength.argmax():.1f} h")
