from functools import cache

from mended import mended
from order import Order

margins = 40


def print_labels(orders: list[Order]) -> int:
    """A checksum over what is printed on the parcels: each label with many margins."""
    # Planted: no label is asked for twice, and every one is kept.
    label = label_text if mended("memory") else cache(label_text)
    checksum = 0
    for order in orders:
        for margin in range(margins):
            checksum = (checksum * 31 + len(label(order.id, order.place.zone, margin))) % 1_000_003
    return checksum


def label_text(number: str, zone: str, margin: int) -> str:
    return f"{'':{margin}}{number} {zone}"
