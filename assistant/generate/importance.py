"""Which measured values a reader wants first of a recording as a whole: what is out of the ordinary."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.findings.quantities import covers, quantities
from assistant.measure import besides_one_qtc, quantity_of
from assistant.measure.limits import usual
from assistant.records import Evidence, ValuePlace
from assistant.retrieve.own import named_upload

AT_MOST = 8  # sentences of an answer on a recording as a whole; all values stand beside it
LEAST_VALUES = 4  # of them, whatever else is said
_UNUSUAL_RHYTHM = ("irregular", "early", "another QRS shape", "range)", "no P wave", "% of the QRS", "not excluded")
_ALWAYS = ("rhythm", "st_mv")


def most_telling(values: Sequence[Evidence], room: int) -> list[Evidence]:
    """So many of the measured values, those out of the ordinary first, else in the order given.

    One QTc is told in place of QT and two formulas, and the quality only where it is not good. Of several uploads each
    has that room. A value that lies at its limit, within the error of its measurement, counts as ordinary.
    """
    told: list[Evidence] = []
    for upload in dict.fromkeys(map(named_upload, values)):
        of_upload = [piece for piece in values if named_upload(piece) == upload]
        wanted = [piece for piece in of_upload if not _repeats(piece, of_upload)]
        ranked = sorted(wanted, key=lambda piece: (not is_unusual(piece), _rank(piece)))
        st = [piece for piece in ranked if quantity_of(piece.text) == "st_mv"]  # told together, they take one place
        chosen = [*st, *[piece for piece in ranked if piece not in st][: room - bool(st)]]
        told += sorted((piece for piece in wanted if piece in chosen), key=lambda piece: not is_unusual(piece))
    return told


def _rank(piece: Evidence) -> int:
    """The rhythm and ST are told of every recording, and where ST was not measured, why."""
    about = quantity_of(piece.text)
    return _ALWAYS.index(about) if about in _ALWAYS else len(_ALWAYS)


def is_unusual(piece: Evidence) -> bool:
    """Whether a measured value, or what is told of rhythm, ST and quality, is out of the ordinary."""
    about = quantity_of(piece.text)
    if about == "quality":
        return not piece.text.startswith("Signal quality: good")
    if about == "st_mv":
        return not piece.text.startswith("No ST") and (" mV," in piece.text or " mV;" in piece.text)
    if not isinstance(piece.place, ValuePlace):
        return any(words in piece.text for words in _UNUSUAL_RHYTHM)
    given = [value for value in quantities(piece.text) if value.name and not value.compare and value.high is None]
    return any(
        covers(measure, value.name) and ordinary.lies(value.value) not in ("within", "near")
        for value in given
        for measure, ordinary in usual().items()
    )


def _repeats(piece: Evidence, values: Sequence[Evidence]) -> bool:
    """Whether another value says it better, or it says nothing that a reader looks for."""
    names = {one.place.name: one.place.value for one in values if isinstance(one.place, ValuePlace)}
    if not isinstance(piece.place, ValuePlace):
        return quantity_of(piece.text) == "quality" and not is_unusual(piece)
    return piece.place.name in besides_one_qtc(names) or (piece.place.name == "p_ms" and not is_unusual(piece))
