from mended import mended
from order import Order


def weight_by_zone(orders: list[Order]) -> dict[str, int]:
    """Grams to carry to each zone."""
    return in_one_dict(orders) if mended("collector") else after_every_third(orders)


class Load:
    __slots__ = ("grams", "zone")

    def __init__(self, zone: str, grams: int) -> None:
        self.zone = zone
        self.grams = grams


# Planted: after every third order all loads are copied, and each copy is kept though only the last is
# read. The collector goes through all that is kept, again and again.
def after_every_third(orders: list[Order]) -> dict[str, int]:
    states: list[list[Load]] = [[]]
    for first in range(0, len(orders), 3):
        state = [Load(load.zone, load.grams) for load in states[-1]]
        loads = {load.zone: load for load in state}
        for order in orders[first : first + 3]:
            load = loads.get(order.place.zone)
            if load is None:
                load = loads[order.place.zone] = Load(order.place.zone, 0)
                state.append(load)
            load.grams += order.weight
        states.append(state)
    return {load.zone: load.grams for load in states[-1]}


def in_one_dict(orders: list[Order]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for order in orders:
        sums[order.place.zone] = sums.get(order.place.zone, 0) + order.weight
    return sums
