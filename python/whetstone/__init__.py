"""Marks what a report of ``whetstone run`` shall single out; without it the marks cost next to nothing.

>>> @whetstone.profile
... def parse(text): ...

>>> with whetstone.region('load'):
...     ...
"""

__all__ = ["profile", "region"]
__version__ = "0.1.0"

from . import _marks


def profile(function):
    """Marks a function: the report lists it line by line. Returns the function itself.

    Stands above or below ``@staticmethod``, ``@classmethod`` and other decorators.
    """
    if _marks.recorder is not None:
        _marks.recorder.function(function)
    return function


def region(name):
    """Marks a stretch of time, for a ``with`` statement. Regions of one name are added up in the report."""
    if _marks.recorder is None:
        return _marks.nothing
    return _marks.Region(_marks.recorder, str(name))


def load_ipython_extension(ipython):
    """Brings ``%whet`` and ``%%whet``, after ``%load_ext whetstone``."""
    from ._magics import Magics

    ipython.register_magics(Magics)
