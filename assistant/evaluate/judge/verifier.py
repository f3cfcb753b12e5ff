"""Wardround's own checker as the judge.

It is the very checker that gave the claims their verdicts, so its blind spots are not seen here: every
scorecard says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from assistant import verify
from assistant.findings.version import findings_version
from assistant.records import Claim, Evidence, Judgement, Statement
from assistant.settings import Settings
from assistant.verify import Verifier, check
from assistant.verify.entail import open_entailment

NAME = "verifier"


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

    @property
    def name(self) -> str:
        """ "verifier", or with the entailment model that it asks beside the rules."""
        return NAME if self._entailment is None else f"{NAME}+{self._entailment.name}"

    @property
    def version(self) -> str:
        """Of the rules and their vocabulary, and of the entailment model if there is one."""
        return code_version() if self._entailment is None else f"{code_version()}-{self._entailment.fingerprint}"

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

    def judged(self, claim: Claim, evidence: Mapping[str, Evidence]) -> Claim:
        """The claim as it is: the verdict that it came with is this judge's."""
        return claim


@lru_cache(maxsize=1)
def code_version() -> str:
    """Twelve hexadecimal digits of what the verdicts come from: the rules, and the vocabulary of findings."""
    digest = hashlib.blake2b(findings_version().encode(), digest_size=6)
    for file in sorted(Path(verify.__file__).parent.iterdir()):
        if file.suffix in (".py", ".json", ".toml"):
            digest.update(f"{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()
