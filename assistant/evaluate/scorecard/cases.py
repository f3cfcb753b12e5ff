"""The scorecard's cases: question, claims with their verdicts, what they cite, and what was found; the worst first."""

from __future__ import annotations

from html import escape

from assistant.evaluate.case import Case
from assistant.evaluate.log import Sample
from assistant.evaluate.result import RunResult
from assistant.evaluate.score.citations import citations_of
from assistant.evaluate.score.claims import hallucinated
from assistant.records import Answer, Claim, Evidence, TextPlace

SHOWN_RANKS = 10
_VERDICT_CHIP = {"supported": "good", "contradicted": "bad", "unsupported": "bad"}
_CITATION_CHIP = {
    "supports": ("good", "carries the claim"),
    "irrelevant": ("warn", "does not carry the claim"),
    "invented": ("bad", "invented"),
}


def cases_section(result: RunResult) -> str:
    """Every case in a closed drawer."""
    cases = sorted(result.dataset.cases, key=lambda case: _severity(case, result.samples[case.id]), reverse=True)
    drawn = "".join(_case(case, result.samples[case.id], result) for case in cases)
    return f'<h2>Cases</h2><p class="soft">The ones to look at come first.</p>{drawn}'


def faults(case: Case, sample: Sample) -> list[str]:
    """What is wrong with a case, in words; [] if nothing is."""
    if sample.error is not None or sample.answer is None:
        return ["failed"]
    found = []
    wrong = sum(map(hallucinated, sample.answer.claims))
    if wrong:
        found.append(f"{wrong} of {len(sample.answer.claims)} claims hallucinated")
    abstained = bool(sample.scores["abstention_rate"][0])
    if case.reference.answerable is not None and abstained == case.reference.answerable:
        found.append("abstained, though there is an answer" if abstained else "answered, though there is no answer")
    invented = list(sample.citations.values()).count("invented")
    if invented:
        found.append(f"{invented} invented citations")
    recall, recall_of = sample.scores.get("citation_recall", (0.0, 0.0))
    if recall < recall_of:
        found.append(f"{recall_of - recall:.0f} of {recall_of:.0f} claims not carried by their citations")
    if sample.scores.get("mrr", (1.0, 1.0))[0] == 0.0:
        found.append("gold not found")
    return found


def _severity(case: Case, sample: Sample) -> tuple[int, int]:
    found = faults(case, sample)
    graver = sum("hallucinated" in fault or "though" in fault or fault == "failed" for fault in found)
    return graver, len(found)


def _case(case: Case, sample: Sample, result: RunResult) -> str:
    found = faults(case, sample)
    chips = "".join(_chip(fault, "bad") for fault in found) or _chip("nothing found wrong", "good")
    tags = "".join(_chip(f"{name}: {value}") for name, value in case.tags.items())
    parts = [f"<p>{tags}</p>" if tags else "", _expected(case)]
    if sample.error is not None:
        parts.append(f"<p>{_chip('failed', 'bad')} {escape(sample.error)}</p>")
    if sample.answer is not None:
        parts.append(_answer(sample.answer, sample))
    if sample.search is not None:
        parts.append(_ranking(case, sample))
    if result.comparison and case.id in result.comparison.other:
        parts.append(_other_run(result.comparison.run, result.comparison.other[case.id]))
    question = case.question or "(no question: files only)"
    return (
        f'<details class="case" id="case-{escape(case.id, quote=True)}"><summary><code>{escape(case.id)}</code> '
        f"{escape(question)}<br>{chips}</summary><div>{''.join(parts)}</div></details>"
    )


def _expected(case: Case) -> str:
    reference = case.reference
    lines = []
    if case.files:
        lines.append(f"Files: {', '.join(case.files)}")
    if reference.answerable is not None:
        lines.append("The archive holds an answer." if reference.answerable else "The archive holds no answer.")
    if reference.answer:
        lines.append(f"Reference: {reference.answer}")
    if reference.must:
        lines.append(f"Must contain: {', '.join(reference.must)}")
    if reference.grades:
        lines.append(f"Gold: {', '.join(reference.grades)}")
    return "".join(f'<p class="soft">{escape(line)}</p>' for line in lines)


def _answer(answer: Answer, sample: Sample) -> str:
    if not answer.claims:
        return f"<h3>Answer</h3><p>{_chip('abstained')} {escape(answer.reason)}</p>"
    evidence = {piece.id: piece for piece in answer.evidence}
    claims = "".join(_claim(number, claim, evidence, sample) for number, claim in enumerate(answer.claims))
    return f'<h3>Answer</h3><ol class="claims">{claims}</ol>'


def _claim(number: int, claim: Claim, evidence: dict[str, Evidence], sample: Sample) -> str:
    kind = f", {claim.error_kind}" if claim.error_kind else ""
    verdict = _chip(f"{claim.verdict}{kind}", _VERDICT_CHIP[claim.verdict])
    cited = "".join(
        _citation(name, evidence.get(name), sample.citations.get(f"{number}:{name}", "irrelevant"))
        for name in citations_of(claim)
    )
    why = f'<p class="soft">{escape(claim.why)}</p>' if claim.why else ""
    missing = "" if citations_of(claim) else f"<p>{_chip('no citation', 'bad')}</p>"
    return f"<li>{escape(claim.text)}<br>{verdict}{_chip(f'about {claim.about}')}{why}{missing}{cited}</li>"


def _citation(name: str, piece: Evidence | None, judgement: str) -> str:
    colour, words = _CITATION_CHIP[judgement]
    if piece is None:
        unknown = f"<code>{escape(name)}</code> is no evidence of this answer."
        return f"<blockquote>{_chip(words, colour)} {unknown}</blockquote>"
    where = piece.title or piece.external_id or piece.record_id
    page = f", page {piece.place.page}" if isinstance(piece.place, TextPlace) and piece.place.page else ""
    source = f'<span class="soft">{escape(f"{piece.relation} · {piece.modality} · {where}{page}")}</span>'
    return f"<blockquote>{_chip(words, colour)}{source}<br>{escape(piece.text)}</blockquote>"


def _ranking(case: Case, sample: Sample) -> str:
    assert sample.search is not None
    gold = {name for name, grade in case.reference.grades.items() if grade > 0}
    ranked = sample.ranked
    missed = [name for name in case.reference.grades if name in gold and name not in ranked[:SHOWN_RANKS]]
    items = "".join(f"<li>{_chip(name, 'good' if name in gold else '')}</li>" for name in ranked[:SHOWN_RANKS])
    places = "".join(
        f"<p>{_chip(name, 'bad')} gold, {f'at place {ranked.index(name) + 1}' if name in ranked else 'not found'}</p>"
        for name in missed
    )
    return f"<h3>Found</h3><ol>{items}</ol>{places}" if items else f"<h3>Found</h3><p>Nothing.</p>{places}"


def _other_run(run: str, sample: Sample) -> str:
    said = sample.answer.text if sample.answer else sample.error or ""
    heading = f'<h3>In the other run</h3><p class="soft"><code>{escape(run)}</code></p>'
    return f"{heading}<blockquote>{escape(said)}</blockquote>"


def _chip(text: str, colour: str = "") -> str:
    return f'<span class="chip {colour}">{escape(text)}</span>'
