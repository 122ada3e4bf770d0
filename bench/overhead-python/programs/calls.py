"""Calls: small functions and methods, and recursion."""

import sys

from clock import timed


class Account:
    def __init__(self):
        self.balance = 0

    def add(self, amount):
        self.balance += amount
        return self


def double(n):
    return n * 2


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def work():
    for _ in range(int(sys.argv[1])):
        account = Account()
        for i in range(20_000):
            account.add(double(i))
        fib(17)


timed(work)
