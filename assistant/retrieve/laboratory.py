"""Values of the laboratory that a question asks for, and how a patient's own text writes them: "K 3.2 mmol/l"."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_NONE = "(?!)"  # no symbol is in use
_LONG_SYMBOL = 3  # letters: "crp" is one in small letters too, "na" and "cr" may be words
_DETERMINED = r"\b(?:the|his|her|their|this|that|my|our|patient's|last|latest|current|first|serum)\s+(?:serum\s+)?"
_OF_THE_PATIENT = re.compile(r"\bhow (?:high|low)\b|\b(?:patient|he|she)\b", re.IGNORECASE)
_AT_LARGE = re.compile(
    r"\bnormal (?:range|value|level)|\breference|\btarget|\bcauses?\b|\btreat|\bwhy\b|\bmeans?\b|\bdefin", re.IGNORECASE
)
# Beside the value's name these ask for the value.
_OF_A_VALUE = re.compile(
    r"\b(?:levels?|values?|results?|counts?|high|low|raised|elevated|normal|abnormal|current|latest|last|serum|plasma"
    r"|blood|measured|trends?|courses?|chang(?:e|es|ed|ing)|develop(?:s|ed|ment)?|evol(?:ve|ves|ved|ution)|over time"
    r"|(?:(?:at|on|before|after|during|since|upon) )?(?:the )?(?:time of )?(?:discharge|admission))\b",
    re.IGNORECASE,
)
_AT = {name: re.compile(rf"\b{name}", re.IGNORECASE) for name in ("admission", "discharge")}


@dataclass(frozen=True, slots=True)
class LabValue:
    """A value by its names. `asked` finds it in a question, `named` in a text, `given` with its number."""

    asked: re.Pattern[str]
    named: re.Pattern[str]
    given: re.Pattern[str]


def lab_values(question: str) -> list[LabValue]:
    """The values that a question names, by name or by symbol."""
    return [value for value in _known() if value.asked.search(question)]


def asks_for_own_value(question: str) -> bool:
    """Whether a question asks for somebody's value ("What is the potassium?", "CRP?") and not for what it is."""
    if not (values := lab_values(question)) or _AT_LARGE.search(question):
        return False
    determined = any(re.search(_DETERMINED + f"(?:{value.asked.pattern})", question, re.IGNORECASE) for value in values)
    return determined or len(question.split()) <= 2 or bool(_OF_THE_PATIENT.search(question))


def without_level_words(text: str) -> str:
    """What is left of a question for a value beside what any such question holds: "level", "high"."""
    return _OF_A_VALUE.sub(" ", text)


def of_another_time(question: str, text: str) -> bool:
    """Whether a text tells of one end of a stay where the other is asked for: "on admission" of "at discharge"."""
    asked, told = ({name for name, pattern in _AT.items() if pattern.search(said)} for said in (question, text))
    return bool(asked and told) and not asked & told


@lru_cache(maxsize=1)
def _known() -> tuple[LabValue, ...]:
    raw = tomllib.loads(files("assistant.retrieve").joinpath("terms", "laboratory.toml").read_text(encoding="utf-8"))
    return tuple(_value(names, symbols) for names, symbols in raw["values"].items())


def _value(names: str, symbols: list[str]) -> LabValue:
    written = "|".join(sorted(map(re.escape, symbols), key=len, reverse=True)) or _NONE
    long = "|".join(re.escape(symbol) for symbol in symbols if len(symbol) >= _LONG_SYMBOL)
    # "vitamin K 10 mg" is no potassium, "5 Mg" no magnesium
    symbol = rf"(?<![\w.-])(?<!\d )(?<![Vv]itamin )(?:{written})(?![\w-])"
    name = rf"(?i:\b(?:{names})\b)"
    in_units = r"(?:\s*\([^()\d]{0,15}\))?"  # "HbA1c (%) 7.9"
    by_symbol = rf"{symbol}\+*{in_units}\s*(?:[:=]|\b(?:is|was|of|at)\b)?\s*[<>≤≥~]?\s*\d"
    by_name = rf"{name}[^\d.;\n]{{0,25}}?[<>≤≥~=]?\s*\d"
    asked = rf"{name}|(?<![Vv]itamin )\b(?:{written})\b(?!-)" + (rf"|(?i:\b(?:{long})\b)" if long else "")
    named = f"{name}|{by_symbol}" + (rf"|(?<![\w.-])(?:{long})(?![\w-])" if long else "")
    return LabValue(re.compile(asked), re.compile(named), re.compile(f"{by_name}|{by_symbol}"))
