"""What kind of question is asked, of which sort of recording and of which part of the body: by its words alone."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from assistant.findings.asked import Asked, asked_about, region_of
from assistant.store.words import query_words

Wants = Literal["cases", "knowledge"]
_ANSWERED_BY_CASES = frozenset({"finding", "similar", "comparison", "count", "value", "cases"})


@dataclass(frozen=True, slots=True)
class Question:
    """What a question is after.

    `kind` is knowledge (a definition, a treatment), finding (is there …), similar (like this one), comparison (with an
    earlier study), count, value (a measurement), cases (find reports with …) or other (bare words). `modalities` are
    DICOM codes, `region` is a part of the body, `about` what is named of the findings' vocabulary. `subject` is what is
    searched for: the text less the words of a request around it ("find chest X-ray reports with …"), which would else
    find the reports that say "chest X-ray".
    """

    kind: str
    subject: str
    modalities: frozenset[str]
    region: str | None
    about: Asked

    @property
    def wants(self) -> Wants | None:
        """Whether patients' studies answer it or general knowledge; None where its words don't tell."""
        if self.kind in _ANSWERED_BY_CASES:
            return "cases"
        return "knowledge" if self.kind == "knowledge" else None


@dataclass(frozen=True, slots=True)
class _Patterns:
    kinds: Mapping[str, re.Pattern[str]]
    before: re.Pattern[str]
    normal: re.Pattern[str]
    modalities: Mapping[str, re.Pattern[str]]
    regions: Mapping[str, re.Pattern[str]]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    raw = tomllib.loads(files("assistant.retrieve").joinpath("question.toml").read_text(encoding="utf-8"))

    def any_of(patterns: Sequence[str]) -> re.Pattern[str]:
        return re.compile("|".join(patterns).replace("RECORDS", raw["records"]), re.IGNORECASE)

    kinds, modalities, regions = (
        {name: any_of(patterns) for name, patterns in raw[group].items()} for group in ("kind", "modality", "region")
    )
    return _Patterns(kinds, any_of(raw["frame"]["before"]), any_of(raw["normal"]["words"]), modalities, regions)


def read_question(text: str) -> Question:
    """The question that `text` asks, by the patterns of question.toml."""
    patterns = _patterns()
    kind = next((kind for kind, pattern in patterns.kinds.items() if pattern.search(text)), "other")
    if kind == "value" and patterns.normal.search(text):
        kind = "knowledge"
    names = [name for name, pattern in patterns.modalities.items() if pattern.search(text)]
    about = asked_about(text)
    region = next((region for region, pattern in patterns.regions.items() if pattern.search(text)), None)
    if region is None:  # "hiatal hernia" names no part, but the vocabulary knows where it belongs
        region = next((region for entity in sorted(about.named) if (region := region_of(entity))), None)
    subject = patterns.before.sub("", text, count=1) if kind in ("cases", "count") else text
    if not query_words(subject):
        subject = text
    return Question(kind, subject, frozenset(code for name in names for code in name.split()), region, about)
