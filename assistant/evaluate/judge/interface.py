"""What a judge is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from assistant.records import Claim, Evidence, Judgement


class Judge(Protocol):
    """Says whether evidence supports a claim, and whether texts entail a statement.

    `name` is that under which its agreement with people is kept; `version` changes whenever its judgements may.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def supports(self, claim: Claim, evidence: Sequence[Evidence]) -> bool: ...

    def entails(self, texts: Sequence[str], statement: str) -> Judgement: ...

    def judged(self, claim: Claim, evidence: Mapping[str, Evidence]) -> Claim:
        """A claim of an answer with this judge's verdict; `evidence` is what its writer was given, by id."""
        ...
