"""The checking of one answer or draft: with the entailment model of the settings, and without it once it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from assistant.errors import ModelLost, ReplyRefused
from assistant.ingest.deid.text_dates import has_date
from assistant.records import Claim, Evidence, Statement
from assistant.settings import Settings
from assistant.verify import Verifier
from assistant.verify.entail import open_entailment
from assistant.verify.recount import CountsArchive
from assistant.wording import joined, worded

LOST = "The model that judges beside the rules was lost: what it had not judged yet was checked by the rules alone."
DATES_MOVED = (
    "Dates in this answer are moved by de-identification, of one patient all by the same number of days: the time "
    "between them is right, the dates themselves are not those of the file."
)


class Checker:
    """Gives every claim of a statement its verdict, whatever the settings show of them afterwards.

    A served judge that is lost leaves the rules to go on alone, and `lost` says so; where `llm.when_lost` asks for
    an error, it is raised. Without the setting `verify.entailment` there is nothing to lose. `notice` says that, and
    that a claim has a date that de-identification moved.
    """

    def __init__(self, settings: Settings, workspace: Path) -> None:
        """Raises as `open_entailment` does."""
        self._marking = settings.verify.model_copy(update={"unsupported": "mark"})
        self._raises = settings.llm.when_lost == "error"
        self._verifier = Verifier(self._marking, open_entailment(settings.verify.entailment, settings, workspace))
        self.lost = self._moved = ""

    @property
    def notice(self) -> str:
        """What a reader must know of the claims so far."""
        return joined([self.lost, self._moved], " ")

    def verify(
        self, statement: Statement, evidence: Mapping[str, Evidence], count: CountsArchive | None = None
    ) -> list[Claim]:
        """As `Verifier.verify`, with every claim, those marked whose date is a moved one. Raises ModelUnavailable as
        the settings have it."""
        claims = [_with_dates_told(claim, evidence) for claim in self._judged(statement, evidence, count)]
        if any(claim.dates_moved for claim in claims):
            self._moved = DATES_MOVED
        return claims

    def _judged(
        self, statement: Statement, evidence: Mapping[str, Evidence], count: CountsArchive | None
    ) -> list[Claim]:
        try:
            return self._verifier.verify(statement, evidence, count)
        except (ModelLost, ReplyRefused) as error:
            if self._raises:
                raise
            self.lost = worded("{lost} ({error})", lost=LOST, error=error.told)
            self._verifier = Verifier(self._marking)
            return self._verifier.verify(statement, evidence, count)


def _with_dates_told(claim: Claim, evidence: Mapping[str, Evidence]) -> Claim:
    moved = any(evidence[key].dates_moved for key in claim.citations if key in evidence)
    return replace(claim, dates_moved=True) if moved and has_date(claim.text) else claim
