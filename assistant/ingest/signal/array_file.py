"""Signals as plain numbers, CSV or NPY, with a sidecar that says what they are (`array_sidecar.py`).

What a CSV says itself (names of leads, their units, a time column) must agree with its sidecar.

An array is samples × leads or leads × samples, whichever the number of leads tells (rows are samples where both fit).
A CSV has a line a sample; an empty cell is a missing sample. It can do without a sidecar if one column is the time, in
seconds or milliseconds as its name says ("time_s", "t [ms]"), and the others are named as leads of an ECG with their
unit ("II (uV)").
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.signal.array_sidecar import NPY, TABLES, Sidecar, find_sidecar, read_sidecar
from assistant.ingest.signal.channels import Channel, ChannelSet, check_size
from assistant.ingest.signal.leads import channel_type, lead_name, millivolts_per
from assistant.records import STANDARD_LEADS, Record
from assistant.settings import IngestSettings
from assistant.wording import worded

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TIME = re.compile(
    r"^(?P<word>time|t|zeit|seconds|milliseconds|sec|ms)?[ _]*"
    r"[\[(]?(?P<unit>s|sec|seconds?|ms|msec|milliseconds?)?[\])]?$",
    re.IGNORECASE,
)
_WITH_UNIT = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\])]+)[\])]$")
_EXAMPLE = '{"sampling_rate_hz": 500, "leads": ["I", "II", …], "units": "mV"}'
_LIMITS = IngestSettings()


@dataclass(frozen=True, slots=True)
class _Table:
    """A CSV's beginning: how its cells are parted, and the names of its columns (None: it has no header line)."""

    delimiter: str
    decimal: str
    names: tuple[str, ...] | None
    width: int

    @property
    def time(self) -> int | None:
        """The column that is the time."""
        found = [n for n, name in enumerate(self.names or ()) if name.strip() and _TIME.match(name.strip())]
        return found[0] if len(found) == 1 else None


def recognises(file: Content) -> bool:
    if file.data.startswith(NPY):
        return True
    table = _table(file)
    if table is None:
        return False
    if _all_leads(table) and (table.time is not None or _has_limb_leads(table)):
        return True
    try:
        return find_sidecar(file, _LIMITS) is not None
    except UnreadableFile:
        return False


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """A record for each kind of channel. Raises UnreadableFile, which says how the sidecar has to look."""
    about, known = read_sidecar(file, limits)
    if file.data.startswith(NPY):
        values, names, rate = *_array(file, about, limits), about.sampling_rate_hz if about else None
    else:
        values, names, rate = _columns(file, about, limits)
    if rate is None and about is None and not file.data.startswith(NPY):
        raise file.refuse(
            "a table of ECG leads that states no sampling rate: it needs a column time_s, and the unit in each name "
            "(“II (mV)”), or a sidecar {stem}.json with {example}",
            stem=PurePosixPath(file.name).stem,
            example=_EXAMPLE,
        )
    if rate is None:
        raise file.refuse("its sidecar states no sampling_rate_hz: {example}", example=_EXAMPLE)
    about = about or Sidecar()
    channels = [Channel(name, unit, rate, len(values)) for name, unit in _named(file, names, about)]
    for channel in channels:
        if channel.type == "ecg" and channel.factor is None:
            raise file.refuse(_no_unit(file, channel))
    gains, baselines = (_each(file, name, getattr(about, name), len(channels)) for name in ("gain", "baseline"))
    if not all(np.isfinite(gain) and gain != 0 for gain in gains):
        raise file.refuse("its sidecar's gain is 0 or no number")
    found = ChannelSet(file, channels, limits)
    for number, (gain, baseline) in enumerate(zip(gains, baselines, strict=True)):
        column = (values[:, number].astype(np.float64) - baseline) / gain
        column[~np.isfinite(column)] = np.nan
        found.put(number, 0, column)
    records = found.records(
        taken_at=parse_date(about.taken_at), patient_id=about.patient_id, study_id=about.study_id, labels=about.labels
    )
    return [replace(record, title=about.title or record.title, known=known) for record in records]


def _no_unit(file: Content, channel: Channel) -> str:
    if channel.unit:
        told = "lead {name}: the unit {unit!r} is none of an ECG's (mV, uV, nV, V)"
        return worded(told, name=channel.name, unit=channel.unit)
    stem = PurePosixPath(file.name).stem
    column = "" if file.data.startswith(NPY) else f', or call the column "{channel.name} (mV)"'
    return (
        f"lead {channel.name}: its unit is stated nowhere, and a guess may be wrong by a thousand: write "
        f'"units": "mV" (or uV, V) into {stem}.json{column}'
    )


# --- channels -----------------------------------------------------------------------------------------


def _named(file: Content, names: tuple[str, ...], about: Sidecar) -> list[tuple[str, str]]:
    """Each channel's name and unit, "" where it is stated nowhere. Raises UnreadableFile where it is stated twice."""
    stated = _each(file, "units", about.units or "", len(names))
    found = []
    for name, unit in zip(names, stated, strict=True):
        match = _WITH_UNIT.match(name.strip())
        if match and unit and millivolts_per(match["unit"]) != millivolts_per(unit):
            raise file.refuse(
                "its column {name!r} is in {unit!r} by its sidecar: which of the two is it?", name=name, unit=unit
            )
        found.append((match["name"], match["unit"]) if match else (name, unit))
    return found


def _each(file: Content, name: str, value: Any, count: int) -> tuple[Any, ...]:
    if not isinstance(value, tuple):
        return (value,) * count
    if len(value) != count:
        raise file.refuse(
            "its sidecar gives {count} values of {name} for {channels} channels",
            count=len(value),
            name=name,
            channels=count,
        )
    return value


# --- NPY ----------------------------------------------------------------------------------------------


def _array(file: Content, about: Sidecar | None, limits: IngestSettings) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The array, (samples, channels), and the channels' names. Nothing is ever unpickled."""
    stream = io.BytesIO(file.data)
    try:
        version = np.lib.format.read_magic(stream)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = reader(stream)
    except (ValueError, SyntaxError, KeyError, TypeError, EOFError, UnicodeError, RecursionError, TokenError) as error:
        why = "its header can't be read" if isinstance(error, TokenError) else " ".join(str(error).split())[:120]
        raise file.refuse("damaged NumPy array ({why})", why=why) from None
    what = f"a NumPy array ({dtype}, {' × '.join(map(str, shape)) or 'a single number'})"
    if dtype.kind not in "fiu":
        raise file.refuse("{what}: only whole and floating-point numbers are samples", what=what)
    if len(shape) not in (1, 2):
        raise file.refuse("{what}: a file holds one recording, samples × leads", what=what)
    if about is None or about.leads is None:
        stem = PurePosixPath(file.name).stem
        lacks = "without a sidecar" if about is None else "whose sidecar names no leads"
        raise file.refuse(
            "{what} {lacks}: write {stem}.json beside it, like {example}",
            what=what,
            lacks=lacks,
            stem=stem,
            example=_EXAMPLE,
        )
    count = int(np.prod(shape, dtype=object))
    check_size(file, count, limits)
    if count * dtype.itemsize > len(file.data) - stream.tell():
        raise file.refuse("{what} is cut off: {count:,} bytes are too few for it", what=what, count=len(file.data))
    stream.seek(0)
    array = np.load(stream, allow_pickle=False)
    array = array[:, None] if array.ndim == 1 else array
    names = about.leads
    if array.shape[1] == len(names):
        return array, names
    if array.shape[0] == len(names):
        return array.T, names
    raise file.refuse("{what} does not fit the {count} leads that its sidecar names", what=what, count=len(names))


# --- CSV ----------------------------------------------------------------------------------------------


def _table(file: Content) -> _Table | None:
    """How a CSV is laid out, None for a file that is none: the same number of cells in each of its first lines."""
    text = _beginning(file)
    if text is None or not (set(text.partition("\n")[0]) & set(";\t,") or file.name.lower().endswith(TABLES)):
        return None
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    for delimiter in (";", "\t", ","):
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        if len(rows) < 2 or len({len(row) for row in rows}) != 1:
            continue
        if len(rows[0]) < 2 and not (delimiter == "," and file.name.lower().endswith(TABLES)):
            continue
        decimal = "," if delimiter != "," and any("," in cell for row in rows[1:] for cell in row) else "."
        if not all(_is_number(cell, decimal) for row in rows[1:] for cell in row):
            continue
        header = None if all(_is_number(cell, decimal) for cell in rows[0]) else tuple(c.strip() for c in rows[0])
        return _Table(delimiter, decimal, header, len(rows[0]))
    return None


def _beginning(file: Content) -> str | None:
    text = file.text
    return None if text is None else text[:20_000].rpartition("\n")[0] or text[:20_000]


def _is_number(cell: str, decimal: str) -> bool:
    cell = cell.strip()
    return (
        cell == ""
        or cell.lower() == "nan"
        or bool(re.fullmatch(rf"[+-]?(?:\d+{re.escape(decimal)}?\d*|{re.escape(decimal)}\d+)(?:[eE][+-]?\d+)?", cell))
    )


def _all_leads(table: _Table) -> bool:
    names = [name for n, name in enumerate(table.names or ()) if n != table.time]
    bare = [match["name"] if (match := _WITH_UNIT.match(name)) else name for name in names]
    return bool(bare) and all(channel_type(name) == "ecg" for name in bare)


def _has_limb_leads(table: _Table) -> bool:
    """Whether it names leads as no other table does: programs call columns V1, V2, and classes I, II, III."""
    names = {name.casefold().partition("(")[0].partition("[")[0].strip() for name in table.names or ()}
    return names > {"i", "ii", "iii"}


def _columns(
    file: Content, about: Sidecar | None, limits: IngestSettings
) -> tuple[NDArray[np.float64], tuple[str, ...], float | None]:
    """The values, (samples, channels), their names, and the sampling rate by the sidecar or by the time column."""
    import pandas as pd

    table = _table(file)
    assert table is not None  # what was recognised
    check_size(file, (file.text or "").count("\n") * table.width, limits)
    try:
        frame = pd.read_csv(
            io.StringIO(file.text or ""), sep=table.delimiter, decimal=table.decimal, dtype=np.float64,
            header=None if table.names is None else 0, names=None if table.names is None else range(table.width),
            skipinitialspace=True, index_col=False, on_bad_lines="error",
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError) as error:
        raise file.refuse("not every line is numbers ({said})", said=" ".join(str(error).split())[:160]) from None
    values = frame.to_numpy(dtype=np.float64)
    names = table.names or ()
    rate = about.sampling_rate_hz if about else None
    if table.time is not None:
        rate = _agreed_rate(file, rate, names[table.time], values[:, table.time])
        values = np.delete(values, table.time, axis=1)
        names = tuple(name for n, name in enumerate(names) if n != table.time)
    if about and about.leads is not None:
        if len(about.leads) != values.shape[1]:
            raise file.refuse(
                "{shape} columns do not fit the {count} leads of its sidecar",
                shape=values.shape[1],
                count=len(about.leads),
            )
        _check_names(file, names, about.leads)
        names = _with_units(about.leads, names)
    if not names:
        raise file.refuse("columns without names: name them as leads in its sidecar, like {example}", example=_EXAMPLE)
    return values, names, rate


def _check_names(file: Content, header: tuple[str, ...], stated: tuple[str, ...]) -> None:
    """Refuse leads that a sidecar names otherwise than the columns are."""
    bare = [match["name"] if (match := _WITH_UNIT.match(column.strip())) else column.strip() for column in header]
    owns, others = [lead_name(name) for name in bare], [lead_name(lead) for lead in stated]
    same_in_another_order = sorted(owns) == sorted(others)
    for column, lead, own, other in zip(header, stated, owns, others, strict=False):
        if own != other and (same_in_another_order or {own, other} <= set(STANDARD_LEADS)):
            raise file.refuse(
                "its column {column!r} is called {lead!r} in its sidecar: which of the two is it?",
                column=column,
                lead=lead,
            )


def _with_units(leads: tuple[str, ...], header: tuple[str, ...]) -> tuple[str, ...]:
    """Leads as a sidecar names them, with the units that the columns' own names have."""
    if not header:
        return leads
    units = [match["unit"] if (match := _WITH_UNIT.match(column.strip())) else "" for column in header]
    return tuple(
        f"{lead} ({unit})" if unit and not _WITH_UNIT.match(lead.strip()) else lead
        for lead, unit in zip(leads, units, strict=True)
    )


def _agreed_rate(file: Content, stated: float | None, name: str, times: NDArray[np.float64]) -> float:
    """The sampling rate of the time column, which a sidecar may not contradict by more than a hundredth.

    With a stated rate the column may also be a counter, or stamps too coarse to tell one sample from the next.
    """
    step = _step(file, name, times, rounded=stated is not None)
    per_second = _per_second(name, step)
    if stated is None:
        if per_second is None:
            raise file.refuse("the unit of its column {name} is unclear: call it time_s or time_ms", name=name)
        return round(per_second / step, 4)
    if per_second is not None and abs(per_second / step - stated) > 0.01 * stated:
        raise file.refuse(
            "its column {name} tells {per_second:g} Hz, its sidecar states {stated:g} Hz",
            name=name,
            per_second=per_second / step,
            stated=stated,
        )
    return stated


def _step(file: Content, name: str, times: NDArray[np.float64], *, rounded: bool) -> float:
    """The step from sample to sample in the column's own unit. Raises UnreadableFile for unequal steps.

    Where stamps may be `rounded`, several samples may share one if none is further than that from its place.
    """
    steps = np.diff(times)
    if len(steps) < 2 or not np.isfinite(steps).all() or steps.min() < 0 or times[-1] == times[0]:
        raise file.refuse("its column {name} does not rise from sample to sample", name=name)
    if steps.min() == 0:
        places = np.linspace(times[0], times[-1], len(times))
        if not rounded or np.abs(times - places).max() > steps[steps > 0].min():
            raise file.refuse("its column {name} does not rise from sample to sample", name=name)
    else:
        usual = float(np.median(steps))
        worst = int(np.abs(steps - usual).argmax())
        if abs(steps[worst] - usual) > 0.5 * usual:
            raise file.refuse(
                "its samples are not equally spaced (column {name}: a step of {steps:g} after line "
                "{worst}, {usual:g} elsewhere): a signal has one sampling rate",
                name=name,
                steps=steps[worst],
                worst=worst + 2,
                usual=usual,
            )
    return float(times[-1] - times[0]) / len(steps)


def _per_second(name: str, step: float) -> float | None:
    """How many of a time column's units make a second; None where neither its name nor its numbers tell."""
    match = _TIME.match(name.strip())
    unit = ((match["unit"] or match["word"] or "") if match else "").lower()
    if unit in ("time", "t", "zeit", ""):
        return None if step >= 1 else 1.0
    return 1000.0 if unit.startswith("m") else 1.0
