# Two files of one process: names, a line of JSON each, and counters, which are shared memory: what was
# counted is there however the process ends.
import mmap
import os
import sys

# Counters for a first few thousand functions; the file grows where there are more.
_FIRST = 8192


def quoted(text):
    """A string of JSON, without importing json into the program."""
    out = []
    for unit in text:
        number = ord(unit)
        if number > 0xFFFF:
            number -= 0x10000
            out.append("\\u%04x\\u%04x" % (0xD800 + (number >> 10), 0xDC00 + (number & 0x3FF)))
        elif unit in '"\\' or not 31 < number < 127:
            out.append("\\u%04x" % number)
        else:
            out.append(unit)
    return '"' + "".join(out) + '"'


def line(values):
    """A list as one line of JSON."""
    parts = []
    for value in values:
        if value is None:
            parts.append("null")
        elif value is True or value is False:
            parts.append("true" if value else "false")
        elif isinstance(value, (int, float)):
            parts.append(repr(value))
        else:
            parts.append(quoted(value))
    return ("[" + ",".join(parts) + "]\n").encode("ascii")


def new_file(folder, kind):
    """A file that no other process has: a number that is used again, or exec, gets a further one."""
    number = 0
    while True:
        path = os.path.join(folder, "%s-%d-%d" % (kind, os.getpid(), number))
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            return path
        except FileExistsError:
            number += 1


def append(path, data):
    # Opened anew each time: a program may close all descriptors that are not its own.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        while data:
            data = data[os.write(handle, data) :]
    finally:
        os.close(handle)


def header(way):
    version = getattr(sys, "pypy_version_info", sys.version_info)
    return ["process", os.getpid(), os.getppid(), sys.implementation.name, "%d.%d.%d" % version[:3], way]


class Ledger:
    """Counters by number: `slots[n] += 1`. Number 0 is for what nobody asks about."""

    def __init__(self, folder, way):
        self._folder = folder
        self._way = way
        self._kept = []
        self._open()

    def _open(self):
        self.path = new_file(self._folder, "counts")
        self._size = 0
        self._used = 1
        self._rows = {}
        self._map(_FIRST)
        append(self.path, line(header(self._way)))

    def _map(self, size):
        handle = os.open(self.path + ".slots", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            # A page that a full disk could not give would end the program with a bus error.
            try:
                os.posix_fallocate(handle, 0, size * 8)
            except AttributeError:
                os.ftruncate(handle, size * 8)
            try:
                memory = mmap.mmap(handle, size * 8, trackfd=False)
            except TypeError:
                memory = mmap.mmap(handle, size * 8)
        finally:
            os.close(handle)
        # Never unmapped: others may be counting in it at this moment.
        self._kept.append(memory)
        self.slots = memoryview(memory).cast("Q")
        self._size = size

    def afresh(self):
        """In a forked child: files of its own, everything zero."""
        self._open()

    def row(self, kind, fields, count=1):
        """The first of `count` counters for these fields, the same for the same fields."""
        key = (kind,) + fields
        known = self._rows.get(key)
        if known is not None:
            return known
        first = self._used
        while first + count > self._size:
            self._map(self._size * 4)
        self._used = first + count
        append(self.path, line((kind, first) + fields))
        self._rows[key] = first
        return first

    def note(self, word):
        append(self.path, line([word]))
