from collections.abc import Callable

from distance import distance_table
from place import Place

Between = Callable[[int, int], float]


def shortest_round(places: list[Place]) -> float:
    """Kilometres of a short round through all places: the nearest next, then crossings undone (2-opt)."""
    between = distance_table(places)
    order = nearest_next(len(places), between)
    for _ in range(6):
        if not undo_crossings(order, between):
            break
    return sum(between(here, there) for here, there in zip(order, order[1:] + order[:1]))


def nearest_next(size: int, between: Between) -> list[int]:
    left = set(range(1, size))
    order = [0]
    while left:
        here = order[-1]
        nearest = min(left, key=lambda there: (between(here, there), there))
        left.remove(nearest)
        order.append(nearest)
    return order


def undo_crossings(order: list[int], between: Between) -> bool:
    improved = False
    size = len(order)
    for i in range(size - 1):
        for j in range(i + 2, size):
            a, b, c, d = order[i], order[i + 1], order[j], order[(j + 1) % size]
            if between(a, c) + between(b, d) < between(a, b) + between(c, d) - 1e-9:
                order[i + 1 : j + 1] = reversed(order[i + 1 : j + 1])
                improved = True
    return improved
