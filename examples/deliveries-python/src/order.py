from collections.abc import Callable
from dataclasses import dataclass

from place import Place

carriers = ("air", "barge", "bike", "bus", "cart", "drone", "ferry", "rail", "road", "ship", "tram", "walk")


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    place: Place
    # Grams.
    weight: int
    carrier: str
    note: str


def make_orders(places: list[Place], count: int) -> list[Order]:
    """Orders for these places, the same ones at every run; about every tenth comes twice."""
    orders: list[Order] = []
    draw = _numbers(20_261_121)
    for i in range(count):
        if i > 100 and draw(10) == 0:
            orders.append(orders[draw(i)])
            continue
        orders.append(
            Order(
                id=f"order-{draw(1 << 24):x}-{i}",
                place=places[draw(len(places))],
                weight=50 + draw(20_000),
                carrier=carriers[draw(len(carriers))],
                # A form that pads its fields: most of a note is blanks, and some end in a signature.
                note="leave at the door" + " " * (1000 if draw(40) == 0 else 12) + ("." if draw(2) else ""),
            )
        )
    return orders


def _numbers(seed: int) -> Callable[[int], int]:
    def draw(below: int) -> int:
        nonlocal seed
        seed = (seed * 1_103_515_245 + 12_345) & 0xFFFF_FFFF
        return (seed >> 8) % below

    return draw
