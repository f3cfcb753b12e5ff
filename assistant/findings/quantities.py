"""Numbers of clinical text with their unit, range and what they measure; and whether two of them agree.

Units are brought to one base for each dimension (mm, ms, beats/min, mg, mmHg, mV, mL, %, °C, degrees), so that
"2.3 cm" and "23 mm" agree. What a number measures ("QRS", "heart rate") is taken from the words around it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from assistant.findings.st_levels import MM_PER_MV, st_lead

_UNITS: dict[str, tuple[str, float]] = {
    "mm": ("length", 1), "cm": ("length", 10), "centimeter": ("length", 10), "millimeter": ("length", 1),
    "m": ("length", 1000), "meter": ("length", 1000), "inch": ("length", 25.4), "inches": ("length", 25.4),
    "ms": ("time", 1), "msec": ("time", 1), "millisecond": ("time", 1), "s": ("time", 1000), "sec": ("time", 1000),
    "second": ("time", 1000), "min": ("time", 6e4), "minute": ("time", 6e4), "h": ("time", 3.6e6),
    "hr": ("time", 3.6e6), "hour": ("time", 3.6e6), "day": ("period", 1), "week": ("period", 7),
    "month": ("period", 30.4375), "year": ("period", 365.25), "yr": ("period", 365.25),
    "bpm": ("rate", 1), "beats/min": ("rate", 1), "beats per minute": ("rate", 1), "/min": ("rate", 1),
    "per minute": ("rate", 1), "breaths/min": ("rate", 1), "beats a minute": ("rate", 1),
    "mcg": ("mass", 0.001), "µg": ("mass", 0.001), "ug": ("mass", 0.001), "mg": ("mass", 1), "g": ("mass", 1000),
    "gram": ("mass", 1000), "milligram": ("mass", 1), "microgram": ("mass", 0.001), "kg": ("mass", 1e6),
    "kilogram": ("mass", 1e6), "lb": ("mass", 453592), "pound": ("mass", 453592),
    "mmhg": ("pressure", 1), "mm hg": ("pressure", 1), "kpa": ("pressure", 7.50062),
    "mv": ("voltage", 1), "millivolt": ("voltage", 1), "µv": ("voltage", 0.001), "uv": ("voltage", 0.001),
    "ml": ("volume", 1), "cc": ("volume", 1), "l": ("volume", 1000), "liter": ("volume", 1000), "dl": ("volume", 100),
    "%": ("percent", 1), "percent": ("percent", 1), "per cent": ("percent", 1),
    "degree": ("angle", 1), "°": ("angle", 1), "deg": ("angle", 1), "°c": ("temperature", 1), "°f": ("temperature", 1),
    "hz": ("frequency", 1), "mg/dl": ("mg/dl", 1), "mg/l": ("mg/dl", 0.1), "g/dl": ("mg/dl", 1000),
    "mmol/l": ("mmol/l", 1),
    "ng/ml": ("ng/ml", 1), "mg/kg": ("mg/kg", 1), "mg/day": ("mg/day", 1), "iu": ("units", 1), "unit": ("units", 1),
    "meq/l": ("meq/l", 1), "ml/min": ("ml/min", 1), "kg/m2": ("kg/m2", 1), "mm/mv": ("mm/mv", 1),
    "mm/s": ("mm/s", 1),
}  # fmt: skip
BASE_UNIT = {
    "length": "mm", "time": "ms", "rate": "bpm", "mass": "mg", "pressure": "mmHg", "voltage": "mV", "volume": "mL",
    "percent": "%", "angle": "degrees", "temperature": "°C", "frequency": "Hz", "period": "days",
    "mg/dl": "mg/dL", "meq/l": "mEq/L", "ng/ml": "ng/mL", "mmol/l": "mmol/L",
}  # fmt: skip
# Word of the text → what is measured, and the dimension a bare number then has. What narrows a measure follows its
# name after a space: "qtc bazett" is a "qtc".
_RR = r"\bR[\s‑–—-]?R\b"
_QTC = r"(?:\bQTc\b|\bcorrected\s+QT\b)(?:[\s-]+(?:interval|duration|time))?"
_FORMULAS = ("bazett", "fridericia", "framingham", "hodges")
_BY_FORMULA = r"\s*[(,\[]?\s*(?:(?:by|using|with|after|according\s+to)\s+)?(?:the\s+)?"
_NAMES: tuple[tuple[str, str, str], ...] = (
    (r"\b(?:max(?:imum|imal|\.)?|peak|target)\s+(?:heart|pulse)\s+rate\b", "peak_heart_rate", "rate"),
    (r"\batrial\s+(?:rate|waves?|activity)\b|\b(?:flutter|fibrillat\w+)\s+(?:waves?|rate)\b", "atrial_rate", "rate"),
    (r"\b(?:respiratory|breathing|respiration)\s+rate\b|\brespirations\b", "respiratory_rate", "rate"),
    (r"(?:heart|ventricular|pulse)\s+rate|\bHR\b|\brate\b|\bpulse\b", "heart_rate", "rate"),
    *(
        (
            rf"\bQTc{letter}\b|\b{formula}(?:['’]s)?[\s-]+(?:corrected\s+)?QTc?\b|{_QTC}{_BY_FORMULA}{formula}\b",
            f"qtc {formula}",
            "time",
        )
        for letter, formula in zip(("B", "F", "Fra", "H"), _FORMULAS, strict=True)
    ),
    (_QTC, "qtc", "time"),
    (r"\bQT\b", "qt", "time"),
    (r"\b(?:[PT]|ST)[\s-](?:wave\s+)?axis\b", "other_axis", "angle"),
    (r"\bQRS\s+axis\b|\baxis\b", "axis", "angle"),
    (r"\bQRS\b(?:\s+(?:duration|width|complex))?", "qrs", "time"),
    (r"\bPR\b(?:\s+(?:interval|duration))?|\bPQ\b", "pr", "time"),
    (rf"\b(?:longest|max(?:imum|imal)?)\s+(?:{_RR})", "longest_rr", "time"),
    (rf"\b(?:shortest|min(?:imum|imal)?)\s+(?:{_RR})", "shortest_rr", "time"),
    (rf"{_RR}(?:\s+interval)?", "rr", "time"),
    (r"\bP[\s-](?:wave\s+)?duration\b|\bP\s+wave\b", "p", "time"),
    (r"ejection\s+fraction|\bLVEF\b|\bEF\b", "ejection_fraction", "percent"),
    (r"blood\s+pressure|\bBP\b", "blood_pressure", "pressure"),
    (r"temperature|\btemp\b", "temperature", "temperature"),
    (r"oxygen\s+saturation|\bSpO2\b|\bsaturation\b", "oxygen_saturation", "percent"),
    (r"sampling\s+rate", "sampling_rate", "frequency"),
    (r"\bcreatinine\b", "creatinine", "mg/dl"),
    (r"\bglucose\b|\bblood\s+sugar\b", "glucose", "mg/dl"),
    (r"\bblood\s+urea\s+nitrogen\b|\burea\s+nitrogen\b|\bBUN\b", "blood urea nitrogen", "mg/dl"),
    (r"\b(?:total\s+)?bilirubin\b", "bilirubin", "mg/dl"),
    (r"\bC-reactive\s+protein\b|\bCRP\b", "C-reactive protein", "mg/dl"),
    (r"\bcalcium\b", "calcium", "mg/dl"),
    (r"\bsodium\b", "sodium", "meq/l"),
    (r"\bpotassium\b", "potassium", "meq/l"),
)
_FORMULA_AFTER = re.compile(rf"{_BY_FORMULA}({'|'.join(_FORMULAS)})\b", re.IGNORECASE)
_NAME = re.compile("|".join(f"(?P<n{i}>{pattern})" for i, (pattern, _, _) in enumerate(_NAMES)), re.IGNORECASE)
_ONES = {
    w: i
    for i, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_UNIT = "|".join(sorted((re.escape(unit) for unit in _UNITS), key=len, reverse=True))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"\b(?:(?P<y>(?:19|20)\d\d)-(?P<mo>0[1-9]|1[0-2])(?:-(?P<d>\d\d))?"
    r"|(?P<one>\d{1,2})[/.](?P<two>\d{1,2})[/.](?P<y2>(?:19|20)?\d\d)"
    rf"|(?:(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?,?\s+"
    r"(?:(?P<d3>\d{1,2})(?:st|nd|rd|th)?\s*,?\s+)?(?P<y3>(?:19|20)\d\d)"
    r"|(?P<y4>(?:19|20)\d\d))(?![\w%]|[.,]\d|\s*(?:mg|ml|kg|g|mm|patients|women|men|people)\b)",
    re.IGNORECASE,
)
# "2007 – 11", after a year
_LAST_YEAR = re.compile(rf"(?:-|–|—|\s(?:-{{1,2}}|–|—)\s)(\d\d)(?![\w%]|[.,]\d|[\s-]?(?:{_UNIT})s?\b)", re.IGNORECASE)
_VALUE = r"[-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-−]?\d{1,9}(?:[.·]\d{1,9})?"
_QUANTITY = re.compile(
    rf"(?P<op>[<>≤≥~≈]\s?)?(?<![\w.,/])(?P<low>{_VALUE}|\b(?:{'|'.join(_ONES)})\b)"
    rf"(?:\s?(?:-|–|—|to|x|×|/)\s?(?P<high>\d{{1,6}}(?:\.\d{{1,6}})?))?"
    rf"(?:[\s-]?(?P<unit>(?:{_UNIT})(?:s|es)?)(?![\w/]))?(?![\w])",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"(?:about|approximately|approx\.?|around|roughly|nearly|almost|some|ca\.?)\s*$", re.IGNORECASE)
_ABOVE = re.compile(
    r"(?:more\s+than|above|over|greater\s+than|exceeding|at\s+least|faster\s+than|older\s+than|longer\s+than)\s*$",
    re.IGNORECASE,
)
_BELOW = re.compile(
    r"(?:less\s+than|below|under|fewer\s+than|at\s+most|up\s+to|slower\s+than|younger\s+than|shorter\s+than)\s*$",
    re.IGNORECASE,
)
_AGO = re.compile(r"\s*(?:ago|prior|earlier|before|later|old)\b", re.IGNORECASE)
_NAME_REACH = 32  # characters between a number and the name of what it measures


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text. `value` (and `high`, of a range or second dimension) are in the base unit of `dimension`.

    `step` is the last written decimal place in that unit: 61 has 1, 2.3 cm has 1 mm. `compare` is "<", ">" or "".
    """

    value: float
    high: float | None
    dimension: str
    name: str | None
    step: float
    compare: str
    about: bool
    is_time: bool
    start: int
    end: int
    text: str

    @property
    def is_spelled_count(self) -> bool:
        """A bare count in letters: "two groups"."""
        return self.dimension == "count" and self.name is None and self.text[-1].isalpha()

    @property
    def is_age(self) -> bool:
        """A number of years before "old" or as an adjective: "21-year"."""
        return self.dimension == "period" and self.text.endswith("year")


def named_measures(text: str) -> list[tuple[int, int, str]]:
    """Where a measure is named ("ventricular rate"), as (start, end, its common name)."""
    return [(m.start(), m.end(), _NAMES[int((m.lastgroup or "n0")[1:])][1]) for m in _NAME.finditer(text)]


def quantities(text: str) -> list[Quantity]:
    """Every number of `text`, dates and list markers apart from measured values, in order."""
    found = [date for match in _DATE.finditer(text) for date in _dates(text, match)]
    taken = [(q.start, q.end) for q in found]
    matches = [
        match
        for match in _QUANTITY.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in taken) and not _is_marker(text, match)
    ]
    if not matches:
        return found
    names = [(m.start(), m.end(), int((m.lastgroup or "n0")[1:])) for m in _NAME.finditer(text)]
    for match in matches:
        found.append(_quantity(text, match, names))
    return sorted(found, key=lambda q: q.start)


def _quantity(text: str, match: re.Match[str], names: list[tuple[int, int, int]]) -> Quantity:
    low, step = _number(match["low"])
    high = _number(match["high"])[0] if match["high"] else None
    name, implied = _name_near(text, match.start(), match.end(), names)
    unit = _singular(match["unit"]) if match["unit"] else None
    dimension, factor = _UNITS[unit] if unit else (implied or "count", 1.0)
    if unit == "°f":
        low, high = (low - 32) / 1.8, None if high is None else (high - 32) / 1.8
    formula = _FORMULA_AFTER.match(text, match.end()) if name == "qtc" else None
    if formula:  # "QTc 409 ms (Bazett)"
        name = f"qtc {formula[1].lower()}"
    if name and unit and implied not in (dimension, None) and not (implied == "rate" and dimension == "frequency"):
        name = None  # "QRS 0.2 mV" is no duration
    before = text[max(0, match.start() - 20) : match.start()]
    op = (match["op"] or "").strip()
    compare = (
        ">" if op in ("≥", ">") or _ABOVE.search(before) else "<" if op in ("≤", "<") or _BELOW.search(before) else ""
    )
    found = Quantity(
        low * factor, None if high is None else high * factor, dimension, name, step * factor, compare,
        bool(op in ("~", "≈") or _ABOUT.search(before)),
        dimension == "period" and bool(_AGO.match(text, match.end())),
        match.start(), match.end(), match.group().strip(),
    )  # fmt: skip
    return _st_level(text, found) if name is None and (dimension == "voltage" or unit == "mm") else found


def _st_level(text: str, found: Quantity) -> Quantity:
    """A number as the ST level of the lead that it is of, in mV and with its sign; unchanged where it is of none."""
    of = st_lead(text, found.start, found.end)
    if of is None:
        return found
    factor = (-1 if of.below else 1) / (MM_PER_MV if found.dimension == "length" else 1)
    ends = sorted(end * factor for end in (found.value, found.high) if end is not None)
    told = f"{of.lead} {ends[0]:+g} mV".replace("-", "−")
    turned = {"<": ">", ">": "<"}.get(found.compare, "") if of.below else found.compare
    return replace(
        found, value=ends[0], high=ends[1] if len(ends) > 1 else None, dimension="voltage", name=f"st {of.lead}",
        step=found.step * abs(factor), compare=turned, text=told,
    )  # fmt: skip


def covers(name: str | None, stated: str | None) -> bool:
    """Whether what is `stated` is what `name` names, or narrower: "qtc" covers "qtc bazett", never the other way."""
    return name is None or stated is None or stated == name or stated.startswith(f"{name} ")


def leaves_open(claimed: Quantity, stated: Quantity) -> bool:
    """Whether what is stated has room for the claimed number: "rate below 60/min" for 57, 2019 for March 2019."""
    if claimed.dimension == stated.dimension == "date":
        return _within(claimed, stated)
    if not stated.compare or claimed.dimension != stated.dimension:
        return False
    if claimed.compare:
        return claimed.compare != stated.compare
    return claimed.value < stated.value if stated.compare == "<" else claimed.value > stated.value


def agree(claimed: Quantity, stated: Quantity) -> bool:
    """Whether the claimed number is what the evidence states, within the rounding of the coarser of both."""
    if claimed.dimension != stated.dimension:
        return False
    if claimed.dimension == "date":
        return _within(stated, claimed)
    if claimed.compare and not stated.compare:
        return stated.value > claimed.value if claimed.compare == ">" else stated.value < claimed.value
    if claimed.compare != stated.compare:  # "below 120 ms" states no value of 120 ms
        return False
    if (claimed.high is None) != (stated.high is None):
        return claimed.high is not None and stated.high is None and claimed.value <= stated.value <= claimed.high
    room = max(claimed.step, 0) / 2 + 1e-9 * abs(claimed.value)
    if claimed.about:
        room = max(room, 0.1 * abs(stated.value))
    if abs(claimed.value - stated.value) > room + 1e-9:
        return False
    return claimed.high is None or stated.high is None or abs(claimed.high - stated.high) <= room + 1e-9


def _dates(text: str, match: re.Match[str]) -> list[Quantity]:
    """A date, or the two years of "2007 – 11"."""
    dates = [Quantity(_date_key(match), None, "date", None, 0, "", False, True, *match.span(), match.group())]
    last = _LAST_YEAR.match(text, match.end()) if match["y4"] else None
    if last and int(last[1]) > int(match["y4"]) % 100:
        year = int(match["y4"]) // 100 * 100 + int(last[1])
        dates.append(Quantity(year * 10_000, None, "date", None, 0, "", False, True, *last.span(1), str(year)))
    return dates


def _date_key(match: re.Match[str]) -> float:
    """Year, month and day as one number, 20190312; what is not said is 0. 3/12/2019 is the month first."""
    year = int(next((match[key] for key in ("y", "y2", "y3", "y4") if match[key]), "0"))
    if year < 100:
        year += 2000 if year < 50 else 1900
    if match["mo"]:
        month, day = int(match["mo"]), int(match["d"] or 0)
    elif match["month"]:
        month, day = _MONTHS.index(_folded(match["month"])) + 1, int(match["d2"] or match["d3"] or 0)
    elif match["one"]:
        month, day = int(match["one"]), int(match["two"])
        if month > 12:
            month, day = day, month
    else:
        month = day = 0
    return year * 10_000 + month * 100 + day


def _within(day: Quantity, span: Quantity) -> bool:
    """Whether a date lies in the year or month that another one names, or is the same."""
    width = 10_000 if not span.value % 10_000 else 100 if not span.value % 100 else 1
    return any(one // width == two // width for one in _readings(day) for two in _readings(span))


def _readings(date: Quantity) -> list[float]:
    """3/12/2019 may be the 12th of March or the 3rd of December."""
    year, month, day = date.value // 10_000, date.value // 100 % 100, date.value % 100
    ambiguous = date.text[:1].isdigit() and re.search(r"[/.]", date.text) and 0 < day <= 12
    return [date.value, year * 10_000 + day * 100 + month] if ambiguous else [date.value]


def _is_marker(text: str, match: re.Match[str]) -> bool:
    """A list marker "1." or "2)" at the beginning of a line or sentence, or the "one" of "no one"."""
    if match["unit"] or match["high"]:
        return False
    if not match["low"][-1].isdigit():
        return _folded(match["low"]) in ("one", "zero")
    following = text[match.end() : match.end() + 2]
    return following[:1] in (".", ")") and following[1:].isspace() and not text[: match.start()].rstrip(" (")


def _number(written: str) -> tuple[float, float]:
    word = _folded(written)
    if word in _ONES:
        return float(_ONES[word]), 1.0
    plain = written.replace(",", "").replace("·", ".").replace("−", "-")
    decimals = len(plain.partition(".")[2])
    return float(plain), 10.0**-decimals


def _folded(text: str) -> str:
    """Lower case as regular expressions see it: a Greek "μ" is a micro sign, a long "ſ" an s."""
    return unicodedata.normalize("NFKC", text).casefold().replace("μ", "µ")


def _singular(unit: str) -> str:
    unit = " ".join(_folded(unit).split())
    return unit if unit in _UNITS else unit.removesuffix("es") if unit.removesuffix("es") in _UNITS else unit[:-1]


def _name_near(text: str, start: int, end: int, names: list[tuple[int, int, int]]) -> tuple[str | None, str | None]:
    """The measure named right before the number, with no other number or sentence end between; or right after."""
    for _, named_end, which in reversed(names):
        if named_end <= start and start - named_end <= _NAME_REACH:
            between = text[named_end:start]
            if not re.search(r"\d|[;.](?:\s|$)", between):
                return _NAMES[which][1], _NAMES[which][2]
    for named_start, _, which in names:
        if 0 <= named_start - end <= 12 and not re.search(r"[,;.\d]", text[end:named_start]):
            return _NAMES[which][1], _NAMES[which][2]
    return None, None
