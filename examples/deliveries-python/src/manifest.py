from mended import mended
from order import Order
from tariff import price


class Manifest:
    """What the driver takes along: three lines for each order."""

    def __init__(self) -> None:
        self.text = ""

    # Planted: the text so far is copied for every line. `+=` can append in place where the only name of
    # the text is a local variable; here an attribute holds it, too.
    def add(self, line: str) -> None:
        self.text += line


def write_manifest(orders: list[Order]) -> str:
    lines = (line for order in orders for line in lines_of(order))
    if mended("quadratic"):
        return "".join(lines)
    manifest = Manifest()
    for line in lines:
        manifest.add(line)
    return manifest.text


def lines_of(order: Order) -> tuple[str, str, str]:
    cents = price(order.place.country, order.weight)
    return (
        f"{order.id}\n",
        f"  to {order.place.zone}, to be handed to the recipient or a neighbour, against a signature\n",
        f"  {order.weight} g by {order.carrier} for {cents / 100:.2f}, paid\n",
    )
