"""What programs do: texts, dicts, sorting, classes, JSON."""

import json
import sys

from clock import timed


class Word:
    __slots__ = ("text", "count")

    def __init__(self, text):
        self.text = text
        self.count = 0


def work():
    line = " ".join("word%d" % (i * 7919 % 500) for i in range(2_000))
    for _ in range(int(sys.argv[1])):
        words = {}
        for text in line.split():
            word = words.get(text)
            if word is None:
                word = words[text] = Word(text)
            word.count += 1
        ranked = sorted(words.values(), key=lambda word: (-word.count, word.text))
        json.loads(json.dumps([{"text": word.text, "count": word.count} for word in ranked[:100]]))


timed(work)
