"""Wardround: a retrieval-augmented medical assistant whose every sentence is checked against its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.errors import WardroundError
    from assistant.evaluate import run_suite
    from assistant.measure import measure_image, measure_signal
    from assistant.records import Answer, Claim, Draft, Evidence, Judgement, Record, SearchResult
    from assistant.settings import Settings, load_settings
    from assistant.studies import StudyRequest
    from assistant.verify import check

_HOME = {
    "Assistant": "assistant.assistant",
    "StudyRequest": "assistant.studies",
    "WardroundError": "assistant.errors",
    "run_suite": "assistant.evaluate",
    "measure_image": "assistant.measure",
    "measure_signal": "assistant.measure",
    "Settings": "assistant.settings",
    "load_settings": "assistant.settings",
    "check": "assistant.verify",
    **dict.fromkeys(
        ("Answer", "Claim", "Draft", "Evidence", "Judgement", "Record", "SearchResult"), "assistant.records"
    ),
}

__all__ = [
    "Answer",
    "Assistant",
    "Claim",
    "Draft",
    "Evidence",
    "Judgement",
    "Record",
    "SearchResult",
    "Settings",
    "StudyRequest",
    "WardroundError",
    "check",
    "load_settings",
    "measure_image",
    "measure_signal",
    "run_suite",
]


def __getattr__(name: str) -> Any:
    """Names of the public API are imported when they are first used, so that `import assistant` is quick."""
    if name not in _HOME:
        raise AttributeError(f"module 'assistant' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
