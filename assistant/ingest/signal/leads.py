"""Names and units of a signal's channels: leads as the field writes them, and what kind of channel a name means."""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.records import STANDARD_LEADS, ChannelType

_STANDARD = {name.lower(): name for name in STANDARD_LEADS}
_PREFIX = re.compile(
    r"^(?:mdc_ecg_lead_|mdc_ecg_elec_potl_|(?:ecg|ekg)[ _:.\-]+(?:lead[ _:]+)?|lead[ _:]*\(?|abl(?:eitung|\.)?[ _:]+)",
    re.IGNORECASE,
)
_CHEST = re.compile(r"v(\d{1,2})(r?)$", re.IGNORECASE)  # V7–V9 and the leads of the right chest, V3R …
_TO_MILLIVOLTS = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "v": 1e3, "nv": 1e-6,
                  "millivolt": 1.0, "microvolt": 1e-3, "volt": 1e3, "nanovolt": 1e-6}  # fmt: skip

# Channels that carry potentials of the heart under other names: modified and monitoring leads, Frank's X Y Z.
_ECG_LIKE = re.compile(
    r"^(?:ml|mcl|d|cm|cc|frank)?[ _]?(?:i{1,3}|v\d{0,2}r?|[1-6])$|^v?[xyz]$|^av[rlf]$|ecg|ekg|^es$|^as$|^ai$",
    re.IGNORECASE,
)
_ELECTRODE = r"(?:fpz?|af|f|fc|ft|c|t|tp|cp|p|po|o|a|m|nz|iz)(?:z|\d{1,2})?"  # of the international 10–20 system
_EEG = re.compile(
    rf"\beeg\b|^eeg|^(?:fp|af|fc|ft|tp|cp|po|f|c|t|p|o)(?:z|\d{{1,2}})(?:[-–/ :]*(?:{_ELECTRODE}|ref|le|avg|ar))?$"
    r"|^[am][12][-–]",
    re.IGNORECASE,
)
_NAMED: tuple[tuple[ChannelType, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))  # type: ignore[misc]
    for kind, pattern in (
        ("eog", r"eog|^(?:roc|loc|e1|e2)(?:[-–].*)?$"),
        ("emg", r"emg|^chin|submental|tibialis|^(?:l|r|left|right)[ _]?leg\b|^(?:lat|rat)$"),
        ("spo2", r"sp?[ao]o?2|o2[ _]?sat|oximet.*sat"),
        ("ppg", r"pleth|ppg|\bpulse wave|photopl|^pulse$|^pox"),
        ("temperature", r"\btemp"),
        ("resp", r"resp|^(?:thor|abdo|chest|abdomen|air ?flow|flow|nasal|new air|snore)|impedance|et?co2|^co2|breath"),
        ("pressure", r"^(?:n?i?a?bp|a?art|abp|cvp|pap|pcwp|icp|lap|rap|lvp|rvp|aop?|p[1-8]|cpp|ibp)\d?\b|press|mmhg"),
    )
)
_PRESSURE_UNITS = {"mmhg", "kpa", "cmh2o", "mm[hg]", "cm[h2o]", "mbar", "hpa", "pa"}
_TEMPERATURE_UNITS = {"°c", "degc", "deg c", "cel", "c", "celsius", "°f", "degf"}


@lru_cache(maxsize=4096)
def lead_name(name: str) -> str:
    """The standard name of a lead, or `name` as it stands.

    "avr", "Lead aVR", "MDC_ECG_LEAD_aVR", "EKG aVR", "Abl. aVR" → "aVR"; "ECG V4R" → "V4R"; "MLII" stays.
    """
    bare = name.strip()
    stripped = _PREFIX.sub("", bare).strip(" )")
    known = _STANDARD.get(stripped.lower(), _STANDARD.get(bare.lower()))
    if known is not None:
        return known
    chest = _CHEST.fullmatch(stripped)
    return f"V{int(chest[1])}{chest[2].upper()}" if chest else bare


@lru_cache(maxsize=4096)
def is_ecg_lead(name: str) -> bool:
    """Whether a channel's name is that of an ECG lead, standard or not (MLII, MCL1, Frank's vx)."""
    return lead_name(name) in STANDARD_LEADS or bool(_ECG_LIKE.search(name.strip()))


@lru_cache(maxsize=4096)
def channel_type(name: str, unit: str = "", sensor: str = "") -> ChannelType:
    """What a channel is, by its name, then its unit, then the words that a header has for its sensor.

    "ecg" is any lead of the heart's potentials; "other" is what none of them tells.
    """
    bare, measure = name.strip(), unit.strip().lower()
    if lead_name(bare) in STANDARD_LEADS:
        return "ecg"
    if measure in _PRESSURE_UNITS and not re.search(r"co2|resp|flow|nasal", bare, re.IGNORECASE):
        return "pressure"
    for kind, pattern in _NAMED:
        if pattern.search(bare):
            return kind
    if _EEG.search(bare):
        return "eeg"
    if is_ecg_lead(bare):
        return "ecg"
    if measure in _TEMPERATURE_UNITS:
        return "temperature"
    return channel_type(sensor) if sensor.strip() else "other"


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
