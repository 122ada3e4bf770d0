from mended import mended
from order import Order, carriers


class Parcel:
    """What is loaded: centimetres, and how often it may be stacked."""

    def __init__(self, order: Order, carrier: int) -> None:
        self.width = 10 + order.weight % 40
        self.height = 5 + order.weight % 23
        self.stacked = 1 + carrier % 4


class MeasuredParcel(Parcel):
    """Some carriers measure, and know it to the millimetre: all they give is a float."""

    def __init__(self, order: Order, carrier: int) -> None:
        super().__init__(order, carrier)
        self.width = float(self.width)
        self.height = float(self.height)


# Planted: each carrier has a class of its own, of whole numbers or of floats, and one loop meets them all,
# mixed. Python specialises an instruction for the types it saw last; here the next one is another.
classes = [
    type(f"{carrier.title()}Parcel", (MeasuredParcel if i % 2 else Parcel,), {})
    for i, carrier in enumerate(carriers)
]


def room_needed(orders: list[Order]) -> int:
    """Room in the lorry, with the best gap between the parcels."""
    numbers = {carrier: i for i, carrier in enumerate(carriers)}
    parcels = []
    for order in orders:
        carrier = numbers[order.carrier]
        parcels.append((Parcel if mended("types") else classes[carrier])(order, carrier))
    return int(min(room(parcels, gap) for gap in range(1, 550)))


def room(parcels: list[Parcel], gap: int) -> float:
    needed = 0
    for parcel in parcels:
        needed += (parcel.width + gap) * (parcel.height + gap) * parcel.stacked
    return needed
