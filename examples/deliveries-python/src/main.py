# Plans a day of deliveries round the world. It is right, and slow in ten ways: see the README.
from pathlib import Path

from clean_note import clean_note
from label import print_labels
from manifest import write_manifest
from order import make_orders
from parcel import room_needed
from place import read_places
from seal import seal_orders
from shortest_round import shortest_round
from unique_orders import unique_orders
from weather import wind_at
from weight_by_zone import weight_by_zone


def main() -> None:
    places = read_places(Path(__file__).resolve().parents[2] / "deliveries" / "data" / "zone1970.tab")
    orders = unique_orders(make_orders(places, 10_400))
    weights = weight_by_zone(orders)
    notes = [clean_note(order.note) for order in orders]
    labels = print_labels(orders)
    manifest = write_manifest(orders)
    needed = room_needed(orders)
    seals = seal_orders(orders)
    kilometres = shortest_round(places[:240])
    winds = wind_at(places[:100])

    print(f"{len(orders)} orders to {len(weights)} places")
    print(f"{sum(map(len, notes))} characters of notes, {len(manifest)} of the manifest, labels {labels}")
    print(f"room {needed}, seal {seals:08x}")
    print(f"a round of {kilometres:.0f} km, wind up to {max(winds)} km/h")


if __name__ == "__main__":
    main()
