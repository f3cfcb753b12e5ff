"""A draft as a reader meets it in any document: marked sentences with numbers, and what each number points to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from assistant.export.names import modality_name, plain
from assistant.records import STATES, Claim, Draft, Evidence, Review, Sentence, TextPlace, ValuePlace

TITLE = "Preliminary report"
NOTICE = (
    "Drafted by software and not yet read by a physician. Each sentence was checked against the evidence that its "
    "number names. Research software, no medical device."
)
FOOT = f"{TITLE}, not checked by a physician"
REVIEWED_NOTICE = (
    "Drafted by software; people have accepted, changed or rejected its sentences, as stated below. Preliminary: no "
    "physician has signed it. Each sentence was checked against the evidence that its number names. Research software, "
    "no medical device."
)
_COUNTED = {"open": "not decided on", "rejected": "rejected and left out"}
REVIEWED_FOOT = f"{TITLE}, not signed by a physician"


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of the report, the numbers of its evidence, and its mark where it is not supported (else "").

    `decided` says what a person decided on it ("accepted by anna"); "" where nobody did. `is_open`: people went through
    the report, and left this one.
    """

    claim: Claim
    text: str
    numbers: tuple[int, ...]
    mark: str
    decided: str = ""
    is_open: bool = False

    @property
    def told(self) -> str:
        """What stands behind it in brackets: its mark, and what was decided on it."""
        return "; ".join(filter(None, (self.mark, "not decided on" if self.is_open else self.decided)))

    @property
    def cited(self) -> str:
        """The numbers as they stand behind the sentence: " [2, 5–9]"; nothing where there are none."""
        runs: list[list[int]] = []
        for number in sorted(self.numbers):
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        shown = (str(run[0]) if len(run) == 1 else f"{run[0]}{'–' if len(run) > 2 else ', '}{run[-1]}" for run in runs)
        return f" [{', '.join(shown)}]" if runs else ""


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered piece of evidence: whose it is and what it says."""

    number: int
    evidence: Evidence
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A report to be set. `facts` are (name, value) lines above it, `sections` its headings with their lines."""

    draft: Draft
    facts: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    sections: tuple[tuple[str, tuple[Line, ...]], ...]
    sources: tuple[Source, ...]
    notice: str = NOTICE
    foot: str = FOOT

    def as_text(self) -> str:
        """The whole report as plain text."""
        parts = [TITLE.upper(), self.notice, "\n".join(f"{name}: {value}" for name, value in self.facts)]
        if self.flags:
            parts.append("NEEDS A LOOK\n" + "\n".join(f"- {flag}" for flag in self.flags))
        for name, lines in self.sections:
            said = (f"{line.text}{line.cited}{f' ({line.told})' if line.told else ''}" for line in lines)
            parts.append(f"{name}\n" + "\n".join(said))
        if not self.sections:
            parts.append("Nothing could be drafted.")
        if self.sources:
            told = (f"[{s.number}] {s.heading}" + (f": {s.text}" if s.text else "") for s in self.sources)
            parts.append("EVIDENCE\n" + "\n".join(told))
        return "\n\n".join(parts) + "\n"


def layout_of(draft: Draft, review: Review | None = None) -> Layout:
    """The report of a draft; evidence is numbered in the order in which it is cited.

    With `review`, `draft` is the report as it stands after its decisions, and says who took them.
    """
    by_id = {evidence.id: evidence for evidence in draft.evidence}
    numbers: dict[str, int] = {}
    sections = []
    for name, said in _said(draft, review):
        lines = []
        for claim, sentence in said:
            cited = tuple(numbers.setdefault(key, len(numbers) + 1) for key in claim.citations if key in by_id)
            decided = _decision(sentence) if sentence else ""
            is_open = sentence is not None and not decided
            lines.append(Line(claim, plain(claim.text), cited, _mark(claim), decided, is_open))
        sections.append((plain(name), tuple(lines)))
    sources = tuple(_source(number, by_id[key]) for key, number in numbers.items())
    facts = [("Study", _named(draft)), *([("Patient", draft.patient_id)] if draft.patient_id else [])]
    facts += [("Status", "preliminary"), ("Written by", draft.model or "unknown")]
    if draft.prompt:
        facts.append(("Template", draft.prompt))
    facts.append(("Checked by", f"Wardround {_version()}"))
    told = (NOTICE, FOOT)
    if review is not None and review.is_begun:
        facts.append(("Gone through by", _gone_through(review)))
        told = (REVIEWED_NOTICE, REVIEWED_FOOT)
    shown = tuple((name, plain(value)) for name, value in facts)
    return Layout(draft, shown, tuple(map(plain, draft.flags)), tuple(sections), sources, *told)


def _said(draft: Draft, review: Review | None) -> Iterator[tuple[str, list[tuple[Claim, Sentence | None]]]]:
    """The claims by section, each with its sentence and so with what was decided on it, once anybody did on any."""
    if review is None or not review.is_begun:
        for section in draft.sections:
            yield section.name, [(claim, None) for claim in section.claims]
        return
    for name, sentences in review.sections():
        said: list[tuple[Claim, Sentence | None]] = [(claim, s) for s in sentences for claim in s.claims]
        if said:
            yield name, said


def _named(draft: Draft) -> str:
    """The study as the page names it, and its pseudonym where that is another name."""
    own = draft.external_id
    return f"{own} ({draft.study_id})" if own and own != draft.study_id else draft.study_id


def _decision(sentence: Sentence) -> str:
    if sentence.last is None or sentence.state == "open":
        return ""
    return plain(f"{sentence.state} by {sentence.last.by}")


def _gone_through(review: Review) -> str:
    counted = ", ".join(
        f"{count} {_COUNTED.get(state, state)}" for state in (*STATES[1:], STATES[0]) if (count := review.counts[state])
    )
    day = review.last_at.date().isoformat() if review.last_at else ""
    return f"{', '.join(review.people)}, last on {day}: {counted}"


def _mark(claim: Claim) -> str:
    if claim.verdict == "supported":
        return ""
    verdict = "not supported" if claim.verdict == "unsupported" else claim.verdict
    return plain(f"{verdict}{f', {claim.error_kind}' if claim.error_kind else ''}: {claim.why}".rstrip(": "))


def _source(number: int, evidence: Evidence) -> Source:
    whose = {"own": "this study", "similar": "similar study", "knowledge": "literature"}[evidence.relation]
    if evidence.why.startswith("history"):
        whose = f"same patient, {evidence.why.removeprefix('history, ')}"
    modality = modality_name(evidence.modality, evidence.kind)
    parts = [whose, modality, evidence.section, evidence.external_id or evidence.title or evidence.study_id]
    if isinstance(evidence.place, ValuePlace):
        parts.append("measured")
    elif isinstance(evidence.place, TextPlace) and evidence.place.page is not None:
        parts.append(f"page {evidence.place.page}")
    heading = " · ".join(str(part) for part in parts if part)
    return Source(number, evidence, plain(heading), plain(evidence.text.strip()))


def _version() -> str:
    try:
        return version("wardround")
    except PackageNotFoundError:  # run from a bare checkout
        return "(not installed)"
