"""An entailment model alone as the judge, without the verifier's rules: a served language model, say.

It reads texts. It neither counts again nor compares with measured values, and it does not ask whose evidence supports
a claim about the patient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.records import Claim, Evidence, Judgement, Verdict
from assistant.verify.entail import EntailmentModel
from assistant.verify.verifier import spoken

_VERDICTS: tuple[Verdict, ...] = ("supported", "unsupported", "contradicted")  # of entailed, neutral, contradicted


class EntailmentJudge:
    """Judges by the likeliest of the model's three classes; the score is the probability of entailment."""

    def __init__(self, model: EntailmentModel) -> None:
        self._model = model
        self.name = model.name
        self.version = model.fingerprint
        self._read: dict[tuple[str, ...], Judgement] = {}

    def supports(self, claim: Claim, evidence: Sequence[Evidence]) -> bool:
        """Whether what the evidence says in words, taken together, entails the claim."""
        texts = [said for piece in evidence for said in spoken(piece)]
        return self.entails(texts, claim.text).verdict == "supported"

    def entails(self, texts: Sequence[str], statement: str) -> Judgement:
        """How texts, taken together, bear on a statement; each pair is asked once."""
        key = (statement, *texts)
        if key not in self._read:
            self._read[key] = self._asked(texts, statement)
        return self._read[key]

    def judged(self, claim: Claim, evidence: Mapping[str, Evidence]) -> Claim:
        """The claim judged anew against what it cites, or against all that was given where it cites nothing known.

        What the verifier found unverifiable stays so: there are no words that could settle it.
        """
        if claim.error_kind == "unverifiable":
            return claim
        cited = [evidence[name] for name in claim.citations if name in evidence] or list(evidence.values())
        judgement = self.entails([said for piece in cited for said in spoken(piece)], claim.text)
        return replace(
            claim,
            verdict=judgement.verdict,
            error_kind=claim.error_kind if judgement.verdict == claim.verdict else None,
            score=judgement.score,
            why=judgement.why,
        )

    def _asked(self, texts: Sequence[str], statement: str) -> Judgement:
        said = [text for text in texts if text.strip()]
        if not said or not statement.strip():
            return Judgement("unsupported", 0.0, "unverifiable", "there is no claim, or no evidence in words")
        row = [float(share) for share in self._model.judge([(statement, "\n".join(said))])[0]]
        verdict = _VERDICTS[max(range(3), key=row.__getitem__)]
        return Judgement(verdict, row[0], None, f"judged by {self.name}")
