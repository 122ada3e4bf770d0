# Counts the calls of every function, and how often the lines of some are reached.
import sys


def start(options, folder, own):
    """`options['lines']`: functions whose lines are counted, each with file, name and line."""
    if hasattr(sys, "monitoring"):
        way = "count_by_monitoring"
    elif sys.implementation.name == "cpython":
        way = "count_by_profile"
    else:
        way = "count_by_hook"
    load(way).start(Wanted(options["lines"]), folder, own)


class Wanted:
    """Which functions are asked for."""

    def __init__(self, functions):
        self._functions = functions
        # What the hooks look at first, because it is quick.
        self.names = {each["name"].rpartition(".")[2] for each in functions}

    def has(self, code):
        if code.co_name not in self.names:
            return False
        qualname = getattr(code, "co_qualname", None)
        for each in self._functions:
            name = each["name"]
            if name not in (code.co_name, qualname) and (qualname or not name.endswith("." + code.co_name)):
                continue
            if each["file"] not in (None, code.co_filename) or each["line"] not in (None, code.co_firstlineno):
                continue
            return True
        return False


def function_row(ledger, code):
    """The counter of a function's calls."""
    # Of generators, coroutines and asynchronous generators each resumption may look like a call.
    resumed = bool(code.co_flags & 0x2A0)
    return ledger.row(
        "function",
        (code.co_filename, code.co_name, getattr(code, "co_qualname", None), code.co_firstlineno, resumed),
    )


def line_base(ledger, code):
    """What to add to a line of this function for the number of its counter."""
    if hasattr(code, "co_lines"):
        lines = [line for _, _, line in code.co_lines() if line is not None]
    else:
        lines, line = [], code.co_firstlineno
        for step in code.co_lnotab[1::2]:
            line += step - 256 if step > 127 else step
            lines.append(line)
    lines.append(code.co_firstlineno)
    first, last = min(lines), max(lines)
    qualname = getattr(code, "co_qualname", None)
    row = ledger.row(
        "lines",
        (code.co_filename, code.co_name, qualname, code.co_firstlineno, first, last),
        last - first + 1,
    )
    return row - first
