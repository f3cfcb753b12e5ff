"""Wardround's own checker as the judge of citations.

It is the very checker that gave the claims their verdicts, so its blind spots are not seen here: every
scorecard says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assistant.records import Claim, Evidence, Judgement, Statement
from assistant.settings import Settings
from assistant.verify import Verifier, check
from assistant.verify.entail import open_entailment


class Judge(Protocol):
    """Says whether evidence supports a claim, and whether texts entail a statement."""

    def supports(self, claim: Claim, evidence: Sequence[Evidence]) -> bool: ...

    def entails(self, texts: Sequence[str], statement: str) -> Judgement: ...


class VerifierJudge:
    """Judges one claim against chosen evidence as `verify` would have, had only that evidence been cited.

    Counting sentences are counted again over the given evidence, numbers compared with measured values, and a
    claim about the patient needs own evidence, none of which plain entailment of texts would see.
    """

    def __init__(self, settings: Settings) -> None:
        # Removal would turn "not supported" into "nothing left", so the judge marks whatever the user's setting.
        marking = settings.verify.model_copy(update={"unsupported": "mark"})
        self._entailment = open_entailment(settings.verify.entailment, settings)
        self._verifier = Verifier(marking, self._entailment)
        self._entailed: dict[tuple[str, ...], Judgement] = {}

    def supports(self, claim: Claim, evidence: Sequence[Evidence]) -> bool:
        """Whether the evidence, taken together, supports the claim; every part of it, if it falls into several."""
        statement = Statement(claim.text, tuple(piece.id for piece in evidence), claim.about)
        verdicts = self._verifier.verify(statement, {piece.id: piece for piece in evidence})
        return bool(verdicts) and all(part.verdict == "supported" for part in verdicts)

    def entails(self, texts: Sequence[str], statement: str) -> Judgement:
        """How texts, taken together, bear on a statement; several metrics ask the same, and it is judged once."""
        key = (statement, *texts)
        if key not in self._entailed:
            self._entailed[key] = check(statement, texts, entailment=self._entailment)
        return self._entailed[key]
