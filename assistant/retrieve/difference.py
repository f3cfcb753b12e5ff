"""What differs between two recordings of one patient: each value of the later beside that of the earlier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assistant.measure import besides_one_qtc
from assistant.measure.words import SENTENCES
from assistant.records import Evidence, ValuePlace, evidence_id
from assistant.retrieve.own import MEASURED, named_upload

ON_BOTH = "measured on both recordings"
_TURN = {"axis_deg": 360}


def differences(own: Iterable[Evidence], prior: Iterable[Evidence] = ()) -> list[Evidence]:
    """A piece for each value that both of two recordings have, the later one's first; nothing of more or fewer.

    `own` is evidence of the uploads, `prior` values measured on a recording of the archive ("Prior recording, 6 weeks
    before this study: …"). Of two uploads the later is told by the dates where both have one, else it is the second.
    """
    uploaded = _by_recording(piece for piece in own if piece.why == MEASURED)
    earlier = _by_recording(prior)
    if len(uploaded) == 1 and len(earlier) == 1:
        before, after = earlier[0], uploaded[0]
    elif len(uploaded) == 2 and not earlier:
        before, after = _in_time(*uploaded)
    else:
        return []
    known = {piece.place.name: piece for piece in before if isinstance(piece.place, ValuePlace)}
    now = {piece.place.name: piece for piece in after if isinstance(piece.place, ValuePlace)}
    left_out = besides_one_qtc(_values(before), _values(after))
    names = (name for name, *_ in SENTENCES if name in known and name in now and name not in left_out)
    return [_difference(known[name], now[name]) for name in names]


def unrepeated(values: Sequence[Evidence]) -> list[Evidence]:
    """Measured values less those that a difference tells as well; the differences come first."""
    both = [piece for piece in values if piece.why == ON_BOTH]
    rest = [piece for piece in values if not (both and isinstance(piece.place, ValuePlace))]
    return [*both, *(piece for piece in rest if piece not in both)]


def _values(pieces: Iterable[Evidence]) -> dict[str, float]:
    return {piece.place.name: piece.place.value for piece in pieces if isinstance(piece.place, ValuePlace)}


def _by_recording(pieces: Iterable[Evidence]) -> list[list[Evidence]]:
    found: dict[str, list[Evidence]] = {}
    for piece in pieces:
        if isinstance(piece.place, ValuePlace):
            found.setdefault(piece.record_id, []).append(piece)
    return list(found.values())


def _in_time(one: list[Evidence], other: list[Evidence]) -> tuple[list[Evidence], list[Evidence]]:
    first, second = one[0].taken_at, other[0].taken_at
    return (other, one) if first and second and second < first else (one, other)


def _difference(before: Evidence, after: Evidence) -> Evidence:
    old, new = before.place, after.place
    assert isinstance(old, ValuePlace) and isinstance(new, ValuePlace)
    begins = next(begins for name, begins, _ in SENTENCES if name == new.name)
    apart = _apart(round(new.value) - round(old.value), new.name)
    was = f"{_shown(old.value, old.unit)} of {_name(before)}"
    if apart:
        told = f"{_shown(abs(apart), new.unit)} {'more' if apart > 0 else 'less'} than the {was}"
    else:
        told = f"the same as the {was}"
    text = f"{begins} {_shown(new.value, new.unit)}{_called(after)}, {told}."
    return replace(after, id=evidence_id(after.record_id, new, text), text=text, why=ON_BOTH)


def _apart(difference: int, name: str) -> int:
    """A difference; of an angle the shorter way round."""
    turn = _TURN.get(name)
    return difference if turn is None else (difference + turn // 2) % turn - turn // 2


def _shown(value: float, unit: str) -> str:
    number = str(round(value)).replace("-", "−")
    return f"{number}{unit}" if unit == "°" else f"{number} {unit}"


def _called(piece: Evidence) -> str:
    name = named_upload(piece)
    return f" {name}" if name else ""


def _name(piece: Evidence) -> str:
    """The other recording as a reader knows it: "upload a.hea", "the recording 6 weeks before this study"."""
    if name := named_upload(piece):
        return name.strip("()")
    return f"the recording {piece.why.removeprefix('history, ').partition(':')[0].partition(';')[0]}"
