# From 3.12 on. Every call of every thread is counted where it happens, in shared memory.
import atexit
import os
import sys

# A program that makes functions without end must not be kept from freeing them.
_MOST_CODES = 50000


def start(wanted, folder, own):
    common = load("counts")
    ledger = load("ledger").Ledger(folder, "monitoring")
    monitoring = sys.monitoring
    # The numbers with a meaning (0, 1, 2, 5) are for others.
    tool = next(number for number in (4, 3) if monitoring.get_tool(number) is None)
    monitoring.use_tool_id(tool, "whetstone")
    slots = ledger.slots
    index = {}
    bases = {}
    # By their address: they must stay alive for that, and the hash of a code object takes long.
    codes = []

    def called(code, offset, id=id):
        try:
            slots[index[id(code)]] += 1
        except KeyError:
            return first_call(code)

    def first_call(code):
        nonlocal slots
        try:
            if code.co_filename.startswith(own):
                return monitoring.DISABLE
            row = common.function_row(ledger, code)
            if wanted.names and wanted.has(code) and id(code) not in bases:
                codes.append(code)
                bases[id(code)] = common.line_base(ledger, code)
                monitoring.set_local_events(tool, code, monitoring.events.LINE)
            slots = ledger.slots
            slots[row] += 1
            if len(codes) < _MOST_CODES:
                codes.append(code)
                index[id(code)] = row
        except Exception:
            pass

    def reached(code, line, id=id):
        slots[bases[id(code)] + line] += 1

    def in_child():
        nonlocal slots
        try:
            index.clear()
            ledger.afresh()
            for code in codes:
                if id(code) in bases:
                    bases[id(code)] = common.line_base(ledger, code)
            slots = ledger.slots
        except Exception:
            monitoring.set_events(tool, 0)

    def ended():
        try:
            monitoring.set_events(tool, 0)
            ledger.note("end")
        except Exception:
            pass

    events = monitoring.events
    monitoring.register_callback(tool, events.PY_START, called)
    monitoring.register_callback(tool, events.LINE, reached)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_child)
    atexit.register(ended)
    monitoring.set_events(tool, events.PY_START)
