import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A city of the time zone database."""

    zone: str
    country: str
    # Degrees, north and east positive.
    latitude: float
    longitude: float


def read_places(file: Path) -> list[Place]:
    """Reads `zone1970.tab`: a tab between columns, coordinates as ±DDMM[SS]±DDDMM[SS]."""
    places = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line == "" or line.startswith("#"):
            continue
        countries, coordinates, zone = line.split("\t")[:3]
        latitude, longitude = re.fullmatch(r"([+-]\d+)([+-]\d+)", coordinates).groups()
        places.append(Place(zone, countries[:2], _degrees(latitude, 2), _degrees(longitude, 3)))
    return places


def _degrees(text: str, digits: int) -> float:
    def part(start: int) -> int:
        return int(text[start : start + 2] or 0)

    whole = int(text[1 : 1 + digits])
    return (-1 if text[0] == "-" else 1) * (whole + part(1 + digits) / 60 + part(3 + digits) / 3600)
