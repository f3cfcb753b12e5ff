"""One case to look into: what was asked, what was known, what came of it, and the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from assistant.evaluate.case import Case
from assistant.evaluate.diff import CaseDiff
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Metric
from assistant.evaluate.score.citations import citations_of
from assistant.evaluate.score.told import claims_of
from assistant.evaluate.scorecard.differences import changes_list
from assistant.evaluate.scorecard.faults import Fault, own_values
from assistant.evaluate.scorecard.pieces import Colour, chip, clipped
from assistant.evaluate.variants.ablation import NOT_CHECKED
from assistant.records import Answer, Claim, Draft, Evidence, TextPlace

SHOWN_RANKS = 10
SHOWN_EVIDENCE = 12  # pieces that no claim cites
_VERDICT: Mapping[str, Colour] = {"supported": "good", "contradicted": "bad", "unsupported": "bad"}
_CITATION: Mapping[str, tuple[Colour, str]] = {
    "supports": ("good", "carries the claim"),
    "irrelevant": ("warn", "does not carry the claim"),
    "invented": ("bad", "invented"),
}


def drawer(
    case: Case,
    sample: Sample,
    found: Sequence[Fault],
    metrics: Mapping[str, Metric],
    diff: CaseDiff | None,
    pictures: str = "",
) -> str:
    """A closed drawer with all that is known of a case; `pictures` are its uploads, as HTML."""
    parts = [_tags(case), _asked(case), pictures, _known(case)]
    if sample.error is not None:
        parts.append(f"<p>{chip('failed', 'bad')} {clipped(sample.error)}</p>")
    if sample.answer is not None:
        parts.append(_answer(sample.answer, sample))
    if sample.draft is not None:
        parts.append(_draft(sample.draft, sample))
    if case.task == "choose":
        parts.append(_choices(case, sample))
    if sample.judgement is not None:
        parts.append(_judgement(case, sample))
    if sample.measured is not None:
        parts.append(_measured(case, sample.measured))
    if sample.ranked or sample.search is not None:
        parts.append(_ranking(case, sample))
    parts.append(_considered(sample))
    if diff is not None and diff.changes:
        parts.append(f"<h4>Different in the other run</h4>{changes_list(diff)}")
    parts.append(_values(sample, metrics))
    return (
        f'<details class="case" id="case-{escape(case.id, quote=True)}"><summary>{case_line(case, found)}</summary>'
        f"<div>{''.join(parts)}</div></details>"
    )


def case_line(case: Case, found: Sequence[Fault]) -> str:
    """A case in one line: id, what is asked, what is wrong."""
    asked = case.question or case.claim or (f"study {case.study}" if case.study else "files only")
    chips = "".join(chip(fault.words, "bad" if fault.gravity > 2 else "warn") for fault in found)
    return f"<code>{escape(case.id)}</code> {clipped(asked, 160)} {chips or chip('nothing found wrong', 'good')}"


def _tags(case: Case) -> str:
    tags = "".join(chip(f"{name}: {value}") for name, value in case.tags.items())
    return f"<p>{chip(f'task: {case.task}')}{tags}</p>"


def _asked(case: Case) -> str:
    asked = case.question if len(case.question) > 160 else ""
    lines = [asked, case.claim, f"Files: {', '.join(case.files)}" if case.files else ""]
    given = "".join(f"<blockquote>{clipped(text)}</blockquote>" for text in case.context)
    head = f"<h4>Given with it</h4>{given}" if given else ""
    return "".join(f"<p>{clipped(line)}</p>" for line in lines if line) + head


def _known(case: Case) -> str:
    """What the reference says, each part where it is there."""
    known = case.reference
    lines: list[tuple[str, str]] = []
    if known.answerable is not None:
        lines.append(("There is an answer", "yes" if known.answerable else "no"))
    parts: Sequence[tuple[str, str | None]] = (
        ("Answer", known.answer),
        ("Has to contain", "; ".join(known.must)),
        ("Has to say", " ".join(known.statements)),
        ("Findings", " ".join(known.findings)),
        ("Labels", ", ".join(known.labels)),
        ("Gold", ", ".join(known.grades)),
        ("Its own report, withheld", known.report),
    )
    lines += [(name, text) for name, text in parts if text]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{clipped(text)}</dd>" for name, text in lines)
    return f'<dl class="known">{rows}</dl>' if rows else ""


def _answer(answer: Answer, sample: Sample) -> str:
    if not answer.claims:
        return f"<h4>Answer</h4><p>{chip('abstained')} {clipped(answer.reason)}</p>"
    marked = f"<p>{chip('abstained')} {clipped(answer.reason)}</p>" if answer.abstained else ""
    return f"<h4>Answer</h4>{marked}{_claims(answer.claims, answer.evidence, sample)}"


def _draft(draft: Draft, sample: Sample) -> str:
    flags = "".join(chip(flag, "warn") for flag in draft.flags)
    sections, number = [], 0
    for section in draft.sections:
        claims = _claims(section.claims, draft.evidence, sample, number)
        sections.append(f"<h4>{escape(section.name)}</h4>{claims or '<p>Nothing.</p>'}")
        number += len(section.claims)
    return f"<p>{flags}</p>{''.join(sections)}" if flags else "".join(sections)


def _claims(claims: Sequence[Claim], evidence: Iterable[Evidence], sample: Sample, first: int = 0) -> str:
    by_id = {piece.id: piece for piece in evidence}
    items = "".join(_claim(number, claim, by_id, sample) for number, claim in enumerate(claims, start=first))
    return f'<ol class="claims">{items}</ol>' if items else ""


def _claim(number: int, claim: Claim, evidence: Mapping[str, Evidence], sample: Sample) -> str:
    kind = f", {claim.error_kind}" if claim.error_kind else ""
    unchecked = claim.why == NOT_CHECKED
    verdict = chip(NOT_CHECKED) if unchecked else chip(f"{claim.verdict}{kind}", _VERDICT[claim.verdict])
    cited = "".join(
        _citation(name, evidence.get(name), sample.citations.get(f"{number}:{name}")) for name in citations_of(claim)
    )
    why = f'<p class="soft">{clipped(claim.why, 300)}</p>' if claim.why and not unchecked else ""
    missing = "" if citations_of(claim) else chip("no citation", "bad")
    return f"<li>{clipped(claim.text)}<br>{verdict}{chip(f'about {claim.about}')}{missing}{why}{cited}</li>"


def _citation(name: str, piece: Evidence | None, judged: str | None) -> str:
    if piece is None:
        return f"<blockquote>{chip('invented', 'bad')} <code>{escape(name)}</code> is no evidence of this.</blockquote>"
    colour, words = _CITATION[judged] if judged is not None else ("", "cited")
    return f"<blockquote>{chip(words, colour)}{_piece(piece)}</blockquote>"


def _piece(piece: Evidence) -> str:
    where = " · ".join(part for part in (piece.title, piece.external_id) if part) or piece.record_id
    page = f", page {piece.place.page}" if isinstance(piece.place, TextPlace) and piece.place.page else ""
    source = f'<span class="soft">{clipped(f"{piece.relation} · {piece.modality} · {where}{page}", 200)}</span>'
    return f"{source}<br>{clipped(piece.text)}"


def _choices(case: Case, sample: Sample) -> str:
    items = []
    for place, text in enumerate(case.choices):
        right, picked = place == case.reference.choice, place == sample.choice
        marks = (chip("right", "good") if right else "") + (
            chip("picked", "good" if right else "bad") if picked else ""
        )
        score = f' <span class="soft">{sample.choice_scores[place]:.3f}</span>' if sample.choice_scores else ""
        items.append(f"<li>{clipped(text, 300)} {marks}{score}</li>")
    none = ""
    if sample.choice is None:
        none = f"<p>{chip('the reply could not be understood' if sample.unparsed else 'nothing picked', 'warn')}</p>"
    return f'<h4>Choices</h4><ol type="A">{"".join(items)}</ol>{none}'


def _judgement(case: Case, sample: Sample) -> str:
    judged = sample.judgement
    assert judged is not None
    kind = f", {judged.error_kind}" if judged.error_kind else ""
    people = case.reference.verdict
    said = chip(f"people: {people}", _VERDICT[people]) if people else ""
    told = chip(f"checker: {judged.verdict}{kind}", _VERDICT[judged.verdict])
    return f'<h4>Verdict</h4><p>{told}{said} score {judged.score:.3f}</p><p class="soft">{clipped(judged.why, 300)}</p>'


def _measured(case: Case, measured: Mapping[str, float]) -> str:
    """What people measured beside what was measured here; the rest in a line."""
    rows = []
    for name, people in case.reference.values.items():
        ours = measured.get(name)
        shown = "not measured" if ours is None else f"{ours:g}"
        error = "" if ours is None else f"{ours - people:+g}".replace("-", "−")
        cells = "".join(f'<td class="value">{cell}</td>' for cell in (shown, f"{people:g}", error))
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    head = "<tr><th></th><th>measured</th><th>people</th><th>error</th></tr>"
    table = f'<table class="plain">{head}{"".join(rows)}</table>' if rows else ""
    rest = [f"{name} {value:g}" for name, value in measured.items() if name not in case.reference.values]
    return f'<h4>Measured</h4>{table}<p class="soft">{escape("; ".join(rest))}</p>'


def _ranking(case: Case, sample: Sample) -> str:
    gold = {name for name, grade in case.reference.grades.items() if grade > 0}
    ranked = list(sample.ranked)
    missed = [name for name in case.reference.grades if name in gold and name not in ranked[:SHOWN_RANKS]]
    items = "".join(f"<li>{chip(name, 'good' if name in gold else '')}</li>" for name in ranked[:SHOWN_RANKS])
    places = "".join(
        f"<p>{chip(name, 'bad')} gold, {f'at place {ranked.index(name) + 1}' if name in ranked else 'not found'}</p>"
        for name in missed[:SHOWN_RANKS]
    )
    return (
        f'<h4>Found, best first</h4><ol class="ranks">{items}</ol>{places}'
        if items
        else "<h4>Found</h4><p>Nothing.</p>"
    )


def _considered(sample: Sample) -> str:
    """Evidence that no claim cites: what was kept, and what was not and why."""
    sources = [side.evidence for side in (sample.answer, sample.draft, sample.search) if side is not None]
    if not sources:
        return ""
    cited = {name for claim in claims_of(sample) or () for name in citations_of(claim)}
    rest = [piece for piece in sources[0] if piece.id not in cited]
    if not rest:
        return ""
    items = "".join(
        f"<blockquote>{chip('kept', 'good') if piece.kept else chip('not kept')}"
        f'{_piece(piece)}<br><span class="soft">{clipped(piece.why, 200)}</span></blockquote>'
        for piece in rest[:SHOWN_EVIDENCE]
    )
    more = f'<p class="soft">{len(rest) - SHOWN_EVIDENCE} more.</p>' if len(rest) > SHOWN_EVIDENCE else ""
    return f"<details><summary>{len(rest)} pieces of evidence that nothing cites</summary>{items}{more}</details>"


def _values(sample: Sample, metrics: Mapping[str, Metric]) -> str:
    """What the case adds to the metrics, with the seconds it took."""
    shown = "".join(chip(f"{metric.title}: {value:.2f}") for metric, value in own_values(sample, metrics))
    seconds = sample.seconds.get("solve")
    took = chip(f"{seconds:.2f} s") if seconds is not None else ""
    return f"<details><summary>What it counts for</summary><p>{shown}{took}</p></details>" if shown or took else ""
