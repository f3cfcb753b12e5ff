"""Lead names as the field writes them: I, II, III, aVR, aVL, aVF, V1–V6."""

from __future__ import annotations

import re

from assistant.records import STANDARD_LEADS

_STANDARD = {name.lower(): name for name in STANDARD_LEADS}
_PREFIX = re.compile(r"^(?:mdc_ecg_lead_|mdc_ecg_elec_potl_|ecg[ _:]+|lead[ _:]*\(?)", re.IGNORECASE)
_TO_MILLIVOLTS = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "v": 1e3, "nv": 1e-6}

# Channels that carry potentials of the heart under other names: modified and monitoring leads, Frank's X Y Z.
_ECG_LIKE = re.compile(
    r"^(?:ml|mcl|d|cm|cc|frank)?[ _]?(?:i{1,3}|v\d{0,2}r?|[1-6])$|^v?[xyz]$|^av[rlf]$|^v[xyz]$|ecg|ekg|^es$|^as$|^ai$",
    re.IGNORECASE,
)


def lead_name(name: str) -> str:
    """The standard name of a lead ("avr", "Lead aVR", "MDC_ECG_LEAD_aVR" → "aVR"), or `name` as it stands."""
    stripped = _PREFIX.sub("", name.strip()).strip(" )")
    return _STANDARD.get(stripped.lower(), _STANDARD.get(name.strip().lower(), name.strip()))


def is_ecg_lead(name: str) -> bool:
    """Whether a channel's name is that of an ECG lead, standard or not (MLII, MCL1, Frank's vx)."""
    return lead_name(name) in STANDARD_LEADS or bool(_ECG_LIKE.search(name.strip()))


def millivolts_per(unit: str) -> float | None:
    """How many millivolts one `unit` is; None for a unit that is no voltage."""
    return _TO_MILLIVOLTS.get(unit.strip().lower())


def unique_names(names: list[str]) -> tuple[str, ...]:
    """The names, a repeated one told apart by a number: ("II", "II") → ("II", "II 2")."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return tuple(out)
