import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

from mended import mended
from place import Place


def wind_at(places: list[Place]) -> list[int]:
    """Wind in km/h at each place, from the weather service."""
    server = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("weather_server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        port = int(server.stdout.readline())
        return all_at_once(port, places) if mended("waiting") else one_after_another(port, places)


# Planted: each question waits for the answer to the one before.
def one_after_another(port: int, places: list[Place]) -> list[int]:
    return [wind(port, place) for place in places]


def all_at_once(port: int, places: list[Place]) -> list[int]:
    with ThreadPoolExecutor(20) as threads:
        return list(threads.map(partial(wind, port), places))


def wind(port: int, place: Place) -> int:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/weather?zone={quote(place.zone)}")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer["wind"]
