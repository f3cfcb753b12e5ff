"""The checking of one answer or draft: with the entailment model of the settings, and without it once it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assistant.errors import ModelLost, ReplyRefused
from assistant.records import Claim, Evidence, Statement
from assistant.settings import Settings
from assistant.verify import Verifier
from assistant.verify.entail import open_entailment
from assistant.wording import worded

LOST = "The model that judges beside the rules was lost: what it had not judged yet was checked by the rules alone."


class Checker:
    """Gives every claim of a statement its verdict, whatever the settings show of them afterwards.

    A served judge that is lost leaves the rules to go on alone, and `notice` says so; where `llm.when_lost` asks for
    an error, it is raised. Without the setting `verify.entailment` there is nothing to lose.
    """

    def __init__(self, settings: Settings, workspace: Path) -> None:
        """Raises as `open_entailment` does."""
        self._marking = settings.verify.model_copy(update={"unsupported": "mark"})
        self._raises = settings.llm.when_lost == "error"
        self._verifier = Verifier(self._marking, open_entailment(settings.verify.entailment, settings, workspace))
        self.notice = ""

    def verify(self, statement: Statement, evidence: Mapping[str, Evidence]) -> list[Claim]:
        """As `Verifier.verify`, with every claim. Raises ModelUnavailable as the settings have it."""
        try:
            return self._verifier.verify(statement, evidence)
        except (ModelLost, ReplyRefused) as error:
            if self._raises:
                raise
            self.notice = worded("{lost} ({error})", lost=LOST, error=error.told)
            self._verifier = Verifier(self._marking)
            return self._verifier.verify(statement, evidence)
