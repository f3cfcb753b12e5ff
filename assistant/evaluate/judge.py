"""Wardround's own checker as the judge of citations.

It is the very checker that gave the claims their verdicts, so its blind spots are not seen here: every
scorecard says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assistant.records import Claim, Evidence, Statement
from assistant.settings import Settings
from assistant.verify import Verifier
from assistant.verify.entail import open_entailment


class Judge(Protocol):
    """Says whether evidence supports a claim."""

    def supports(self, claim: Claim, evidence: Sequence[Evidence]) -> bool: ...


class VerifierJudge:
    """Judges one claim against chosen evidence as `verify` would have, had only that evidence been cited.

    Counting sentences are counted again over the given evidence, numbers compared with measured values, and a
    claim about the patient needs own evidence, none of which plain entailment of texts would see.
    """

    def __init__(self, settings: Settings) -> None:
        # Removal would turn "not supported" into "nothing left", so the judge marks whatever the user's setting.
        marking = settings.verify.model_copy(update={"unsupported": "mark"})
        self._verifier = Verifier(marking, open_entailment(settings.verify.entailment, settings))

    def supports(self, claim: Claim, evidence: Sequence[Evidence]) -> bool:
        """Whether the evidence, taken together, supports the claim; every part of it, if it falls into several."""
        statement = Statement(claim.text, tuple(piece.id for piece in evidence), claim.about)
        verdicts = self._verifier.verify(statement, {piece.id: piece for piece in evidence})
        return bool(verdicts) and all(part.verdict == "supported" for part in verdicts)
