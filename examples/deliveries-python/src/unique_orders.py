from mended import mended
from order import Order


def unique_orders(orders: list[Order]) -> list[Order]:
    """Every order once, in the order of arrival."""
    return unique_by_set(orders) if mended("hot-line") else unique_by_list(orders)


# Planted: every order looks through all that were seen before it.
def unique_by_list(orders: list[Order]) -> list[Order]:
    seen = []
    unique = []
    for order in orders:
        if order.id in seen:
            continue
        seen.append(order.id)
        unique.append(order)
    return unique


def unique_by_set(orders: list[Order]) -> list[Order]:
    return list({order.id: order for order in orders}.values())
