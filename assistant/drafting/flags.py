"""Why a person should look at a draft before all others: each reason begins with its kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.drafting.content import MADE_FOR
from assistant.findings import extract_findings
from assistant.findings.quantities import quantities
from assistant.findings.sentences import sentences
from assistant.measure import Measurements, statements
from assistant.measure.limits import TOLERANCES
from assistant.records import Claim, Evidence, Record, SearchResult, Verdict
from assistant.settings import Settings
from assistant.wording import joined, worded

if TYPE_CHECKING:
    from assistant.drafting.content import Content

SHOWN = 120  # characters of a sentence in a reason
RHYTHMS = {  # what the measured rate and regularity can contradict
    "bradycardia", "tachycardia", "sinus bradycardia", "sinus tachycardia", "atrial fibrillation",
}  # fmt: skip


def flags_of(
    content: Content,
    found: SearchResult,
    similar: Sequence[Evidence],
    claims: Sequence[Claim],
    template: str,
    settings: Settings,
) -> tuple[str, ...]:
    """The reasons: identity, template, contradiction, unsupported, low similarity, poor quality, measurement against
    text."""
    return tuple(
        dict.fromkeys(
            (
                *content.concerns,
                *by_template(template, content.template(similar), content.in_words()),
                *by_verdict(claims),
                *_by_similarity(found, similar, settings),
                *_by_quality(content),
                *_by_text(content),
            )
        )
    )


def flags_after(flags: Sequence[str], claims: Sequence[Claim]) -> tuple[str, ...]:
    """The reasons of a draft whose sentences were changed: those that the sentences give are given anew."""
    given = ("contradiction: ", "unsupported: ", "nothing drafted: ")
    return (*(flag for flag in flags if not flag.startswith(given)), *by_verdict(claims))


_BY_VERDICT: dict[Verdict, tuple[str, str]] = {
    "contradicted": (
        "contradiction: {count} sentence contradicted, first “{sentence}”",
        "contradiction: {count} sentences contradicted, first “{sentence}”",
    ),
    "unsupported": (
        "unsupported: {count} sentence unsupported, first “{sentence}”",
        "unsupported: {count} sentences unsupported, first “{sentence}”",
    ),
}


def by_verdict(claims: Sequence[Claim]) -> Iterator[str]:
    """Reasons that the sentences themselves give."""
    if not claims:
        yield "nothing drafted: no sentence could be written"
    for verdict, (one, several) in _BY_VERDICT.items():
        said = [claim.text for claim in claims if claim.verdict == verdict]
        if said:
            yield worded(one if len(said) == 1 else several, count=len(said), sentence=_short(said[0]))


def by_template(template: str, fitting: str, given: str) -> Iterator[str]:
    """That a template was asked for which is made for another kind of study."""
    if template in MADE_FOR and template != fitting:
        yield worded("template: made for {made_for}, the study is {given}", made_for=MADE_FOR[template], given=given)


def _by_similarity(found: SearchResult, similar: Sequence[Evidence], settings: Settings) -> Iterator[str]:
    if similar:
        return
    floors = {"image": settings.retrieve.image_floor, "signal": settings.retrieve.signal_floor}
    nearest = [e for e in found.evidence if e.relation == "similar" and e.kind in floors]
    best = max(nearest, key=lambda piece: piece.score - floors[piece.kind], default=None)
    if best is None:
        yield "low similarity: no similar study is near enough"
    else:
        told = "low similarity: no similar study is near enough (the nearest has {best:.2f}, {floor:.2f} is asked for)"
        yield worded(told, best=best.score, floor=floors[best.kind])


def _by_quality(content: Content) -> Iterator[str]:
    for record in content.records:
        measured = content.measured.get(record.record_id)
        if measured is not None and measured.quality.get("overall", "good") != "good":
            overall, reasons = measured.quality["overall"], measured.quality.get("reasons", "")
            told = worded("poor quality: {modality} {overall}", modality=record.modality, overall=overall)
            yield joined([told, str(reasons) if not isinstance(reasons, str) else reasons], ", ")


def _by_text(content: Content) -> Iterator[str]:
    """What the study's own texts, a recorder's statement or a report, say otherwise than what was measured."""
    for record in content.records:
        measured = content.measured.get(record.record_id)
        if measured is not None and record.signal is not None and measured.values:
            yield from against_text(measured, content.texts)


def against_text(measured: Measurements, texts: Iterable[Record]) -> Iterator[str]:
    """Numbers of some texts that lie farther from the measured ones than `TOLERANCES`, and statements of theirs that
    the measurements contradict."""
    from assistant.verify import check

    said = [text for _, text in statements(measured)]
    for text in texts:
        for stated in quantities(text.text):
            if stated.name not in TOLERANCES or stated.compare or stated.dimension == "count":
                continue
            name, called, most, unit = TOLERANCES[stated.name]
            if not stated.value and name != "axis_deg":  # recorders print 0 for what they could not measure
                continue
            high = stated.value if stated.high is None else stated.high
            if name in measured.values and not stated.value - most <= measured.values[name] <= high + most:
                told = "measurement against text: {called} {value:.0f} {unit} measured, the text says {said}"
                yield worded(told, called=called, value=measured.values[name], unit=unit, said=stated.text)
        for sentence in sentences(text.text):
            if not any(finding.entity in RHYTHMS for finding in extract_findings(sentence)):
                continue
            judged = check(sentence, said)
            if judged.verdict == "contradicted" and judged.error_kind != "number":
                told = "measurement against text: the text says “{said}”, measured: {why}"
                yield worded(told, said=_short(sentence), why=judged.why)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"
