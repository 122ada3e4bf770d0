"""Each rule as two programs that give the same result: the form as it is, and what the rule says to write.

Prints JSON: for each rule the least time of either form, in seconds, over rounds that alternate.
"""

import json
import sys
import time
from collections import deque

N = 20_000
MODULE_WORDS = ["w%d" % i for i in range(200)]
FACTOR = 3


class Counter:
    def __init__(self):
        self.step = 2
        self.text = ""

    @property
    def doubled(self):
        return self.step

    def __getattr__(self, name):
        return 2


class Row:
    def __init__(self):
        self.a, self.b, self.c = 1, [1, 2], {"x": 1}


# Rules that people repeat.


def global_used():
    total = 0
    for i in range(N):
        total += FACTOR * i
    return total


def global_bound():
    factor = FACTOR
    total = 0
    for i in range(N):
        total += factor * i
    return total


def builtin_used():
    total = 0
    for word in MODULE_WORDS * 100:
        total += len(word)
    return total


def builtin_bound(len=len):
    total = 0
    for word in MODULE_WORDS * 100:
        total += len(word)
    return total


def append_called():
    out = []
    for i in range(N):
        out.append(i)
    return out


def append_bound():
    out = []
    append = out.append
    for i in range(N):
        append(i)
    return out


def attribute_used():
    row = Row()
    total = 0
    for i in range(N):
        total += row.a
    return total


def attribute_hoisted():
    row = Row()
    step = row.a
    total = 0
    for i in range(N):
        total += step
    return total


def appended_in_loop():
    out = []
    for i in range(N):
        out.append(i * 2)
    return out


def comprehension():
    return [i * 2 for i in range(N)]


def try_in_loop():
    total = 0
    for i in range(N):
        try:
            total += i
        except ValueError:
            pass
    return total


def try_outside():
    total = 0
    try:
        for i in range(N):
            total += i
    except ValueError:
        pass
    return total


def while_true():
    i = 0
    while True:
        i += 1
        if i == N:
            return i


def while_one():
    i = 0
    while 1:
        i += 1
        if i == N:
            return i


def text_added():
    text = ""
    for word in MODULE_WORDS * 100:
        text += word
    return text


def text_joined():
    parts = []
    for word in MODULE_WORDS * 100:
        parts.append(word)
    return "".join(parts)


# What is slow, and what to write instead.


def insert_first():
    out = []
    for i in range(N):
        out.insert(0, i)
    return len(out)


def append_left():
    out = deque()
    for i in range(N):
        out.appendleft(i)
    return len(out)


def pop_first():
    queue = list(range(N))
    while queue:
        queue.pop(0)


def pop_left():
    queue = deque(range(N))
    while queue:
        queue.popleft()


def list_added():
    out = []
    for i in range(N // 4):
        out = out + [i]
    return len(out)


def list_appended():
    out = []
    for i in range(N // 4):
        out.append(i)
    return len(out)


def in_list():
    known = list(range(N // 4))
    return sum(i in known for i in range(N // 4))


def in_set():
    known = set(range(N // 4))
    return sum(i in known for i in range(N // 4))


def attribute_text_added():
    counter = Counter()
    for i in range(N):
        counter.text += "some words "
    return len(counter.text)


def attribute_text_joined():
    parts = []
    for i in range(N):
        parts.append("some words ")
    return len("".join(parts))


def bytes_added():
    data = b""
    for i in range(N):
        data += b"some words "
    return len(data)


def bytes_joined():
    data = bytearray()
    for i in range(N):
        data += b"some words "
    return len(bytes(data))


def lists_summed():
    return len(sum([[i] for i in range(N // 4)], []))


def lists_extended():
    out = []
    for each in [[i] for i in range(N // 4)]:
        out.extend(each)
    return len(out)


def copied_deeply():
    import copy

    row = Row()
    return [copy.deepcopy(row) for _ in range(N // 40)]


def copied_by_hand():
    row = Row()
    out = []
    for _ in range(N // 40):
        made = Row()
        made.a, made.b, made.c = row.a, list(row.b), dict(row.c)
        out.append(made)
    return out


def property_used():
    counter = Counter()
    total = 0
    for i in range(N):
        total += counter.doubled
    return total


def getattr_used():
    counter = Counter()
    total = 0
    for i in range(N):
        total += counter.missing
    return total


LOOP = compile("total = 0\nfor i in range(%d):\n    total += i * 2\n" % N, "<rule>", "exec")


def at_module_level():
    names = {}
    exec(LOOP, names)
    return names["total"]


def in_function():
    total = 0
    for i in range(N):
        total += i * 2
    return total


def helper_called():
    def doubled(i):
        return i * 2

    total = 0
    for i in range(N):
        total += doubled(i)
    return total


def loop_of_python():
    values = list(range(N))
    total = 0
    for value in values:
        total += value
    return total


def loop_of_c():
    return sum(list(range(N)))


def generator_used():
    def doubled():
        for i in range(N):
            yield i * 2

    total = 0
    for value in doubled():
        total += value
    return total


RULES = {
    "bind-globals": (global_used, global_bound),
    "bind-builtins": (builtin_used, builtin_bound),
    "bind-append": (append_called, append_bound),
    "hoist-attributes": (attribute_used, attribute_hoisted),
    "comprehension": (appended_in_loop, comprehension),
    "try-outside": (try_in_loop, try_outside),
    "while-one": (while_true, while_one),
    "join-local-text": (text_added, text_joined),
    "insert-first": (insert_first, append_left),
    "pop-first": (pop_first, pop_left),
    "list-plus": (list_added, list_appended),
    "in-list": (in_list, in_set),
    "attribute-text": (attribute_text_added, attribute_text_joined),
    "bytes-plus": (bytes_added, bytes_joined),
    "sum-lists": (lists_summed, lists_extended),
    "deepcopy": (copied_deeply, copied_by_hand),
    "property": (property_used, attribute_used),
    "getattr": (getattr_used, attribute_used),
    "module-level": (at_module_level, in_function),
    "helper": (helper_called, in_function),
    "loop-in-c": (loop_of_python, loop_of_c),
    "generator": (generator_used, in_function),
}


def timed(form):
    start = time.perf_counter()
    form()
    return time.perf_counter() - start


def main(rounds):
    out = {}
    for name, (form, other) in RULES.items():
        times = [(timed(form), timed(other)) for _ in range(rounds)]
        out[name] = [min(a for a, _ in times), min(b for _, b in times)]
    print(json.dumps({"version": sys.version.split()[0], "times": out}))


main(int(sys.argv[1]))
