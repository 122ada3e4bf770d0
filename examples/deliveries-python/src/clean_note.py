import re

from mended import mended

_blanks_at_end = re.compile(r"\s+$")


def clean_note(note: str) -> str:
    """The note without the blanks at its end."""
    if mended("c-code"):
        return note.rstrip()
    # Planted: where blanks are followed by a full stop, the expression tries again from each blank.
    return _blanks_at_end.sub("", note)
