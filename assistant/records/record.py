"""What ingest reads: records with their content, and the studies that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from assistant.records.identity import NOT_STATED, Identity
from assistant.records.own_dates import OwnDates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Kind = Literal["image", "signal", "text"]
KINDS: tuple[Kind, ...] = ("image", "signal", "text")
ChannelType = Literal["ecg", "ppg", "eeg", "resp", "pressure", "eog", "emg", "spo2", "temperature", "other"]
PRINTED_ECG = "printed ECG"
STANDARD_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture, ready to be looked at.

    `pixels` is uint8, (height, width) for grey or (height, width, 3) for RGB; for DICOM the VOI LUT or
    window has been applied and MONOCHROME1 turned round, so that air is dark in an X-ray. `regions` are the boxes
    (x0, y0, x1, y1) of what was imaged, where the file states them (an ultrasound's): the rest is screen furniture.
    """

    pixels: NDArray[np.uint8]
    regions: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A physiological signal.

    `samples` is float32, (n_samples, n_leads); NaN where the recording has a gap. `leads` are the standard names
    (I, II, III, aVR, aVL, aVF, V1–V6) where they are known, a channel's own name elsewhere. `types` and `units` say
    of each channel what it is and what its samples are in; both empty: ECG leads in millivolts.
    """

    samples: NDArray[np.float32]
    leads: tuple[str, ...]
    sampling_rate_hz: float
    types: tuple[ChannelType, ...] = ()
    units: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sampling_rate_hz

    @property
    def is_ecg(self) -> bool:
        """Whether its channels are leads of an ECG; only such a signal is encoded, and beats are sought in it."""
        return all(kind == "ecg" for kind in self.types)

    @property
    def in_millivolts(self) -> bool:
        return all(unit == "mV" for unit in self.units)

    def lead(self, name: str) -> NDArray[np.float32]:
        """One lead's samples, shape (n_samples,); KeyError if the recording lacks it."""
        try:
            return self.samples[:, self.leads.index(name)]
        except ValueError:
            raise KeyError(name) from None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a record's text that is searched as a whole: `text[start:end]` of that record."""

    start: int
    end: int
    section: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a header or a table row says of its patient: strings that must vanish from the texts of the same study.

    Names ("DOE^JANE", "Dr. Amy Stone"), ids (record and accession numbers), places (institution, ward, address), and
    the day of birth; `patients` are those of the names that are the patient's own. It is handed from reader to
    de-identification and goes no further.
    """

    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    birth_date: date | None = None
    patients: tuple[str, ...] = ()

    def __or__(self, other: Known) -> Known:
        """What either of the two knows."""
        return Known(
            tuple(dict.fromkeys(self.names + other.names)),
            tuple(dict.fromkeys(self.ids + other.ids)),
            tuple(dict.fromkeys(self.places + other.places)),
            self.birth_date or other.birth_date,
            tuple(dict.fromkeys(self.patients + other.patients)),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """One indexed thing: an image, a signal or a text.

    As ingest makes it, `patient_id` and `study_id` are the archive's own and `record_id` is empty; the store
    and the query replace them by pseudonyms. `part` tells apart several records of one file. A text record
    carries its whole `text` and the `passages` into which it was cut. `labels` belong to the study.
    `fields` are further facts of the file (view position, age, sampling rate …), shown but not searched. `known` is
    what the reader met of the patient's identity, for de-identification alone; it is empty afterwards, and
    `shift_days` then says by how many days the record's dates were moved (None: not at all). Neither is shown, and
    `shift_days` is stored sealed only; `dates_moved` says that they were, and may be shown.
    `own_dates` are an upload's dates before that, in memory only and for whoever handed it in.
    `called` are keyed words of the names found in it, and `identity` is who the file says that its patient is, both in
    memory only: see `ingest/deid/called.py` and `stated.py`.
    """

    kind: Kind
    modality: str  # a DICOM code: CR, DX, CT, MR, US, ECG, SR, DOC, OT …
    uri: str  # relative to the source's folder, with forward slashes
    sha256: str = ""
    part: str = ""
    record_id: str = ""
    patient_id: str | None = None
    study_id: str | None = None
    taken_at: datetime | None = None
    external_id: str | None = None
    title: str | None = None
    url: str | None = None
    text: str = ""
    passages: tuple[Passage, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str | int | float] = field(default_factory=dict)
    image: Image | None = None
    signal: Signal | None = None
    known: Known = Known()
    shift_days: int | None = None
    dates_moved: bool = False
    called: frozenset[str] = frozenset()
    identity: Identity = NOT_STATED
    own_dates: OwnDates | None = None

    @property
    def frame(self) -> int:
        """Which frame of its file a picture is, counted from 0 (`fields` count from 1, as DICOM and viewers do)."""
        return int(self.fields.get("frame", 1)) - 1

    @property
    def own_day(self) -> datetime | None:
        """When it was taken, of an upload by its own dates."""
        return self.own_dates.moment(self.taken_at) if self.own_dates and self.taken_at else self.taken_at

    def shown_text(self, start: int, end: int) -> str:
        """A stretch of its text for whoever may see it: with an upload's own dates."""
        return self.own_dates.stretch(self.text, start, end) if self.own_dates else self.text[start:end]

    @property
    def is_printed_ecg(self) -> bool:
        """Whether its picture shows an ECG on paper: no value is measured on it, and no radiograph is like it."""
        return self.fields.get("shows") == PRINTED_ECG

    @property
    def is_encoded(self) -> bool:
        """Whether its picture or signal gets a vector: all but signals that are no ECG, which have no encoder."""
        return self.signal is None or self.signal.is_ecg


@dataclass(frozen=True, slots=True)
class Study:
    """Records that belong together: an X-ray and its report, an ECG and its statements."""

    study_id: str
    patient_id: str | None
    records: tuple[Record, ...]
