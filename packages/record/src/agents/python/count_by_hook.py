# On PyPy, whose profiler tells nothing while it counts: a hook counts in shared memory.
import atexit
import os
import sys
import threading

_MOST_CODES = 50000


def start(wanted, folder, own):
    common = load("counts")
    ledger = load("ledger").Ledger(folder, "hook")
    hits = load("hits").Hits(common, ledger, wanted)
    slots = ledger.slots
    index = {}
    codes = []

    def called(frame, event, arg, id=id):
        if event == "call":
            try:
                slots[index[id(frame.f_code)]] += 1
            except KeyError:
                first_call(frame.f_code)

    def first_call(code):
        nonlocal slots
        try:
            row = 0 if code.co_filename.startswith(own) else common.function_row(ledger, code)
            slots = ledger.slots
            slots[row] += 1
            if len(codes) < _MOST_CODES:
                codes.append(code)
                index[id(code)] = row
        except Exception:
            pass

    def in_child():
        nonlocal slots
        try:
            index.clear()
            ledger.afresh()
            hits.forked()
            slots = ledger.slots
        except Exception:
            sys.setprofile(None)

    def ended():
        try:
            # Whether the program took the hook cannot be told: it is taken away before this.
            ledger.note("end")
        except Exception:
            pass

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_child)
    atexit.register(ended)
    threading.setprofile(called)
    sys.setprofile(called)
    if wanted.names:
        threading.settrace(hits.enter)
        sys.settrace(hits.enter)
