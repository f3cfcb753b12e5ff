"""What a sidecar says of an array or a table: a JSON or TOML file of the same name (`ecg.npy` and `ecg.json`).

    {"sampling_rate_hz": 500, "leads": ["I", "II", "V1"], "units": "mV"}

- `sampling_rate_hz`: required, unless a CSV has a time column;
- `leads`: the channels' names in order; required for NPY and for a CSV without a header line. Names of leads are
  understood in many spellings, others ("PLETH", "RESP", "EEG Fpz-Cz") make a signal of their own kind;
- `units`: one for all or a list ("mV", "uV", "V" …); leads of an ECG need one, and come out in millivolts;
- `gain`, `baseline`: numbers, or lists: value in the unit = (stored − baseline) / gain, as in WFDB; else 1 and 0;
- `patient_id`, `study_id`, `taken_at`, `title`: of the record; `labels`: names and texts, kept with the study.

Keys that name a person (`patient_name`, `birth_date`, `physician` …) are kept nowhere: they only tell the
de-identification what to look for. Any other key is an error.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.ingest.content import Content
from assistant.ingest.deid.field_known import is_personal, known_of_pairs
from assistant.records import Known
from assistant.settings import IngestSettings

NPY = b"\x93NUMPY"
TABLES = (".csv", ".tsv")
ARRAYS = (".npy", *TABLES)
_SIDECARS = (".json", ".toml")
_ABOUT = re.compile(rb"\b(?:sampling_rate_hz|leads)\b")
_MOST_SIDECAR = 1_000_000  # bytes


class Sidecar(BaseModel):
    """What a sidecar says; see the module."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sampling_rate_hz: float | None = Field(None, gt=0, allow_inf_nan=False)
    leads: tuple[str, ...] | None = Field(None, min_length=1, max_length=1_000)
    units: str | tuple[str, ...] | None = None
    gain: float | tuple[float, ...] = 1.0
    baseline: float | tuple[float, ...] = 0.0
    patient_id: str | None = None
    study_id: str | None = None
    taken_at: str | None = None
    title: str | None = None
    labels: dict[str, str] = {}


def find_sidecar(file: Content, limits: IngestSettings) -> Content | None:
    """The sidecar of an array or a table, where it has one."""
    stem = PurePosixPath(file.name).stem
    if not stem:
        return None
    for ending in _SIDECARS:
        side = file.beside(f"{stem}{ending}", limits)
        if side is not None and (is_about_a_signal(side.name, side.data) or file.data.startswith(NPY)):
            return side
    return None


def is_about_a_signal(name: str, data: bytes) -> bool:
    """Whether a file that lies beside an array or a table of its name is a sidecar of it."""
    return name.endswith(_SIDECARS) and len(data) <= _MOST_SIDECAR and bool(_ABOUT.search(data))


def read_sidecar(file: Content, limits: IngestSettings) -> tuple[Sidecar | None, Known]:
    """What a sidecar says of the signal, and of persons."""
    side = find_sidecar(file, limits)
    if side is None:
        return None, Known()
    try:
        text = side.data[:_MOST_SIDECAR].decode("utf-8-sig")
        said = tomllib.loads(text) if side.name.endswith(".toml") else json.loads(text)
        persons, rest = _parted(said)
        return Sidecar.model_validate(rest), known_of_pairs(persons)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "extra_forbidden":
            known = ", ".join(Sidecar.model_fields)
            raise file.refuse(
                "its sidecar {side}: there is no key {first!r}; the keys are {known}",
                side=side.name,
                first=first["loc"][0],
                known=known,
            ) from None
        what = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise file.refuse(
            "its sidecar {side}: {what}: {first}", side=side.name, what=what, first=first["msg"]
        ) from None
    except (ValueError, RecursionError) as error:
        raise file.refuse(
            "its sidecar {side} can't be understood ({said})", side=side.name, said=" ".join(str(error).split())[:120]
        ) from None


def _parted(said: Any) -> tuple[list[tuple[str, str]], Any]:
    """What a sidecar says of persons, as names of fields and their texts, and the rest of it."""
    if not isinstance(said, dict):
        return [], said
    persons = [key for key in said if key not in Sidecar.model_fields and (key == "name" or is_personal(key))]
    pairs = [("patient_name" if key == "name" else key, str(said[key])) for key in persons]
    return pairs, {key: value for key, value in said.items() if key not in persons}


def is_sidecar(path: Path) -> bool:
    """Whether a file describes an array or a table beside it and is no record of its own."""
    if path.suffix not in _SIDECARS or not any(path.with_suffix(end).is_file() for end in ARRAYS):
        return False
    try:
        with path.open("rb") as stream:
            return is_about_a_signal(path.name, stream.read(_MOST_SIDECAR))
    except OSError:
        return False


def sidecars(path: Path) -> list[Path]:
    """The files that say what is in an array or a table, of those that are there."""
    if path.suffix not in ARRAYS:
        return []
    return [side for end in _SIDECARS if (side := path.with_suffix(end)).is_file() and is_sidecar(side)]
