"""What the formats of ECG carts share: leads laid side by side, the limb leads that follow, a recording's records."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from assistant.ingest.content import Content
from assistant.ingest.signal.channels import check_size as check_samples
from assistant.ingest.signal.leads import lead_name, unique_names
from assistant.ingest.signal.machine import CONFIRMED, HEADER, machine_record
from assistant.ingest.text.passages import cut
from assistant.records import STANDARD_LEADS, Known, Record, Signal
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_SAMPLES = 20_000_000  # over all leads: a half hour of twelve leads at 1 kHz
_MAX_LEADS = 64
_MAX_MILLIVOLTS = 10_000  # electrodes drift by some hundred at most
_LONG_NUMBER = re.compile(r"\S{40}")
_SEX = {"male": "M", "m": "M", "female": "F", "f": "F"}

Fields = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Said:
    """What stands beside the samples: statements ("Sinus rhythm") and measurements ("PR interval: 161 ms")."""

    statements: Sequence[str] = ()
    measurements: Sequence[str] = ()
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Whose recording it is, when it was taken, and further facts of it (device, filters, age …)."""

    patient_id: str | None = None
    taken_at: datetime | None = None
    fields: Mapping[str, str | int | float] = field(default_factory=dict)
    comments: Sequence[str] = ()  # what people wrote beside the recording, a line each


def check_size(file: Content, samples: float, leads: int, rate_hz: float, limits: IngestSettings) -> None:
    """Raise UnreadableFile for a recording of no or too many samples or leads, or of an impossible sampling rate.

    To be called with what the file states, before memory is taken for it.
    """
    if not limits.min_signal_hz <= rate_hz <= limits.max_signal_hz:
        raise file.refuse(
            "a sampling rate of {rate_hz:g} Hz is outside the limits of {min_signal_hz:g} to "
            "{max_signal_hz:g} Hz (ingest.min_signal_hz, ingest.max_signal_hz)",
            rate_hz=rate_hz,
            min_signal_hz=limits.min_signal_hz,
            max_signal_hz=limits.max_signal_hz,
        )
    if leads < 1 or samples < 1:
        raise file.refuse("holds no samples of a rhythm")
    if leads > _MAX_LEADS:
        raise file.refuse(
            "damaged file (it states {leads} leads, more than {max_leads})", leads=leads, max_leads=_MAX_LEADS
        )
    if samples / rate_hz > limits.max_signal_hours * 3600:
        raise file.refuse(
            "{samples:,.1f} hours are more than the limit of {max_signal_hours:g} hours (ingest.max_signal_hours)",
            samples=samples / rate_hz / 3600,
            max_signal_hours=limits.max_signal_hours,
        )
    check_samples(file, int(samples * leads), limits)
    if samples * leads > _MAX_SAMPLES:
        raise file.refuse(
            "{leads} leads of {samples:,.0f} samples are more than the {max_samples:,} that are read",
            leads=leads,
            samples=samples,
            max_samples=_MAX_SAMPLES,
        )


def side_by_side(leads: Iterable[tuple[str, NDArray[np.floating]]], rate_hz: float) -> Signal:
    """One signal of leads in millivolts under their standard names; a shorter one ends in NaN.

    The names are made standard and unique ("II", "II 2"), and the samples go to float32.
    """
    pairs = list(leads)
    names = unique_names([lead_name(name) for name, _ in pairs])
    samples = np.full((max(len(values) for _, values in pairs), len(pairs)), np.nan, dtype=np.float32)
    with np.errstate(over="ignore"):  # what is beyond float32 is no ECG and refused later
        for i, (_, values) in enumerate(pairs):
            samples[: len(values), i] = values
    return Signal(samples, names, rate_hz)


def with_limb_leads(signal: Signal) -> tuple[Signal, tuple[str, ...]]:
    """The signal with those of III, aVR, aVL and aVF that it lacks, where it has I and II, and their names.

    Einthoven's III = II − I and Goldberger's aVR = −(I + II)/2, aVL = I − II/2, aVF = II − I/2: carts store the
    eight independent leads and leave these to the reader. The standard leads then stand in their usual order.
    """
    if not {"I", "II"} <= set(signal.leads):
        return signal, ()
    one, two = signal.lead("I"), signal.lead("II")
    derived = {"III": two - one, "aVR": -(one + two) / 2, "aVL": one - two / 2, "aVF": two - one / 2}
    missing = tuple(name for name in derived if name not in signal.leads)
    columns = {name: signal.lead(name) for name in signal.leads} | {name: derived[name] for name in missing}
    standard = [name for name in STANDARD_LEADS if name in columns]
    names = (*standard, *(name for name in columns if name not in standard))
    samples = np.stack([columns[name] for name in names], axis=1)
    return replace(signal, samples=samples, leads=names), missing


def records_of(
    file: Content,
    signals: Sequence[Signal],
    facts: Facts,
    said: Sequence[Said],
    limits: IngestSettings,
    known: Known,
) -> list[Record]:
    """A record for each signal (part "", "rhythm 2", …) and texts of what a machine or people said of them.

    The machine's words are the part "annotations", a person's the part "confirmed annotations", and what was written
    beside the recording (why it was taken, how the patient felt) the part "comments". `known` is what the header says
    of the patient, for de-identification.
    """
    records: list[Record] = []
    for number, stored in enumerate(signals, 1):
        if not (np.isfinite(stored.samples).any() and np.nanmax(np.abs(stored.samples)) < _MAX_MILLIVOLTS):
            raise file.refuse(
                "damaged file (samples of more than {max_millivolts:,} mV)", max_millivolts=_MAX_MILLIVOLTS
            )
        signal, derived = with_limb_leads(stored)
        fields: Fields = {
            "sampling_rate_hz": signal.sampling_rate_hz,
            "duration_s": round(signal.duration_s, 3),
            "leads": ", ".join(signal.leads),
        }
        if derived:
            fields["derived_leads"] = ", ".join(derived)
        records.append(
            Record(
                kind="signal",
                modality="ECG",
                uri=file.uri,
                sha256=file.sha256,
                part="" if number == 1 else f"rhythm {number}",
                patient_id=facts.patient_id,
                taken_at=facts.taken_at,
                fields={**facts.fields, **fields},
                signal=signal,
            )
        )
    for confirmed in (True, False):
        words = [one for one in said if one.confirmed is confirmed]
        text = machine_record(
            file,
            [line for one in words for line in one.statements],
            [line for one in words for line in one.measurements],
            limits,
            taken_at=facts.taken_at,
            confirmed=confirmed,
        )
        if text is not None:
            text = replace(text, patient_id=facts.patient_id)
            records.append(replace(text, part=f"confirmed {text.part}", title=CONFIRMED) if confirmed else text)
    if comments := "\n".join(dict.fromkeys(" ".join(line.split()) for line in facts.comments if line.strip())):
        records.append(
            Record(
                kind="text",
                modality="SR",
                uri=file.uri,
                sha256=file.sha256,
                part="comments",
                patient_id=facts.patient_id,
                taken_at=facts.taken_at,
                title=HEADER,
                text=comments,
                passages=cut(comments, limits.passage_words),
                fields={"author": "header"},
            )
        )
    return [replace(record, known=known) for record in records]


def age_in_years(born: date | None, when: date | None) -> int | None:
    """Whole years between two days; None if one is unknown or the other way round."""
    if born is None or when is None:
        return None
    years = when.year - born.year - ((when.month, when.day) < (born.month, born.day))
    return years if 0 <= years <= 130 else None


def sex_of(text: str | None) -> str | None:
    """ "Male", "FEMALE", "M" … as "M" or "F"; None for anything else."""
    return _SEX.get((text or "").strip().lower())


def number(text: str | None) -> float | None:
    """A finite number from a value as files write it ("2,5" too); None where there is none ("Failed", "")."""
    try:
        found = float((text or "").strip().replace(",", "."))
    except ValueError:
        return None
    return found if np.isfinite(found) and abs(found) < 1e12 else None


def numbers(file: Content, text: str, what: str) -> NDArray[np.float64]:
    """Numbers with white space between them, shape (n,). Raises UnreadableFile, naming `what`, for anything else."""
    if _LONG_NUMBER.search(text):
        raise file.refuse("damaged file (the samples of {what} are no numbers)", what=what)
    try:
        found = np.fromstring(text, dtype=np.float64, sep=" ")
    except ValueError:
        raise file.refuse("damaged file (the samples of {what} are no numbers)", what=what) from None
    if not np.isfinite(found).all():
        raise file.refuse("damaged file (the samples of {what} are no finite numbers)", what=what)
    return found


def from_base64(file: Content, text: str, what: str) -> bytes:
    """Bytes that were written as Base64. Raises UnreadableFile, naming `what`, where they were not."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise file.refuse("damaged file (the samples of {what} are no Base64)", what=what) from None


def value_line(name: str, value: float, unit: str = "") -> str:
    """ "PR interval: 161 ms"."""
    return f"{name}: {value:g}{' ' + unit if unit else ''}"
