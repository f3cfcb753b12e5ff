"""Numbers that prove themselves by their check digits."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from presidio_analyzer import PatternRecognizer


@lru_cache(maxsize=1)
def _recognizers() -> tuple[PatternRecognizer, ...]:
    from presidio_analyzer import predefined_recognizers as presidio  # most of a second: when a number calls for it

    return (
        presidio.NhsRecognizer(),
        presidio.CreditCardRecognizer(),
        presidio.IbanRecognizer(),
        presidio.DeHealthInsuranceRecognizer(),
        presidio.DeSocialSecurityRecognizer(),
        presidio.DeTaxIdRecognizer(),
        presidio.AuMedicareRecognizer(),
    )


@lru_cache(maxsize=4096)
def checked_numbers(candidate: str) -> tuple[tuple[int, int], ...]:
    """Where in `candidate` stands a number with right check digits: an NHS number, a payment card, an IBAN, a German
    health insurance, social security or tax number, an Australian Medicare number, after Presidio's recognisers."""
    return tuple(
        (result.start, result.end)
        for recognizer in _recognizers()
        for result in recognizer.analyze(candidate, recognizer.supported_entities)
        if result.score == 1.0
    )
