from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from hashlib import sha256

from mended import mended
from order import Order

workers = 4


def seal_orders(orders: list[Order]) -> int:
    """A seal for each order, all of them combined."""
    parts = [[order.id for order in orders[first::workers]] for first in range(workers)]
    # Planted: only one thread at a time runs Python. Four share one core and wait for each other.
    pool = ProcessPoolExecutor if mended("lock") else ThreadPoolExecutor
    with pool(workers) as running:
        seals = list(running.map(seal_part, parts))
    return seals[0] ^ seals[1] ^ seals[2] ^ seals[3]


def seal_part(texts: list[str]) -> int:
    combined = 0
    for text in texts:
        combined ^= seal(text)
    return combined


def seal(text: str) -> int:
    """The hash of a hash of a hash of the text: a seal must cost something to forge."""
    digest = text.encode()
    for _ in range(160):
        digest = sha256(digest).digest()
    return int.from_bytes(digest[:4], "big")
