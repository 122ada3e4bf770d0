from collections.abc import Callable
from math import asin, cos, radians, sin, sqrt

from mended import mended
from place import Place

earth_radius = 6371


def distance(a: Place, b: Place) -> float:
    """Kilometres along the surface, by the haversine formula."""
    h = _half(a.latitude, b.latitude) + cos(radians(a.latitude)) * cos(radians(b.latitude)) * _half(
        a.longitude, b.longitude
    )
    return 2 * earth_radius * asin(sqrt(h))


def _half(a: float, b: float) -> float:
    return sin(radians(b - a) / 2) ** 2


def distance_table(places: list[Place]) -> Callable[[int, int], float]:
    """The distances between all places, looked up instead of computed again."""
    # Planted: the table is there to be filled once, and nobody does.
    if not mended("calls"):
        return lambda a, b: distance(places[a], places[b])
    table = [[distance(a, b) for b in places] for a in places]
    return lambda a, b: table[a][b]
