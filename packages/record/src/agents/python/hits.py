# Line hits before 3.12, by sys.settrace.


class Hits:
    """Lines of the functions that are asked for: others pay for a look at their name."""

    def __init__(self, common, ledger, wanted):
        self._common = common
        self._ledger = ledger
        self._wanted = wanted
        self._codes = {}
        names = wanted.names
        bases = {}
        self._bases = bases

        def enter(frame, event, arg):
            if frame.f_code.co_name not in names:
                return None
            try:
                return reached if self._base(frame.f_code) is not None else None
            except Exception:
                return None

        def reached(frame, event, arg):
            if event == "line":
                self._ledger.slots[bases[id(frame.f_code)] + frame.f_lineno] += 1
            return reached

        self.enter = enter

    def _base(self, code):
        if id(code) not in self._codes:
            self._codes[id(code)] = code
            base = self._common.line_base(self._ledger, code) if self._wanted.has(code) else None
            self._bases[id(code)] = base
        return self._bases[id(code)]

    def forked(self):
        self._codes.clear()
        self._bases.clear()
