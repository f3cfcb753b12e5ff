"""What similar or chosen studies show, counted over distinct ones, each cited by one piece: anyone can recount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from assistant.findings import Count, extract_findings, implies, is_measurement, parse_count, state_count
from assistant.findings.labels import clinical_labels
from assistant.records import Evidence, Finding, Statement, countable

_NOUNS = {"ECG": "ECGs", "CR": "X-rays", "DX": "X-rays", "RG": "X-rays", "CT": "scans", "MR": "scans", "US": "scans"}


def studies_of(evidence: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    """Evidence by study, studies in the order in which they first appear."""
    studies: dict[str, list[Evidence]] = {}
    for piece in evidence:
        studies.setdefault(piece.study_id or piece.record_id, []).append(piece)
    return studies


def are_chosen(evidence: Iterable[Evidence]) -> bool:
    """Whether it is of studies that people picked by hand: then nothing makes them the most similar ones."""
    return all(piece.chosen for piece in evidence)


def count_labels(
    evidence: Sequence[Evidence],
    words: Sequence[str] = (),
    asked: Sequence[str] = (),
    at_most: int = 4,
    *,
    among: int = 0,
    whose: bool = False,
) -> list[Statement]:
    """How many of the labelled similar studies carry each label, the most frequent first.

    `words` are the question's: where they name a label's key ("rhythm"), only the labels under it are counted.
    `asked` are findings named in the question: only labels that say one of them are counted then. A label of a
    single study is left out, unless none is more frequent. `among` is how many studies were chosen by hand, those among
    them that are not here.
    """
    evidence = countable(evidence)
    pictured = studies_of(piece for piece in evidence if piece.kind != "text")
    labels = {study: found for study, pieces in pictured.items() if (found := _labels(pieces))}
    named = labels_named(evidence, words)
    values = {study: {v for name, v in own if not named or name in named} for study, own in labels.items()}
    says = {value: extract_findings(value) for own in values.values() for value in own}
    tally = Counter(
        {value: sum(any(_same_label(value, v, says) for v in own) for own in values.values()) for value in says}
    )
    if asked:
        tally = Counter(
            {v: n for v, n in tally.items() if any(_said(says[v], name) in ("present", "both") for name in asked)}
        )
    pieces = [piece for study in labels for piece in pictured[study]]
    cited = tuple(next(piece.id for piece in pictured[study] if _labels([piece])) for study in labels)
    said = (
        state_count(
            tally[value],
            len(labels),
            _noun(pieces),
            "are labelled",
            _spoken(value),
            chosen=are_chosen(evidence),
            others=among > len(labels),
            whose=whose,
        )
        for value in _most_frequent(tally, at_most)
    )
    return [Statement(text, cited, "similar") for text in dict.fromkeys(said)]


def labels_named(evidence: Iterable[Evidence], words: Sequence[str]) -> set[str]:
    """The labels of pictures and signals that a question's words name: "rhythm" of "what rhythm is this?"."""
    keys = {name for piece in evidence if piece.kind != "text" for name, _ in _labels([piece])}
    return {name for name in keys if any(word in name.lower() for word in words if len(word) > 3)}


def count_findings(
    evidence: Sequence[Evidence], asked: Sequence[str] = (), at_most: int = 4, *, among: int = 0, whose: bool = False
) -> list[Statement]:
    """How many of the similar studies' reports mention each finding, the most frequent first.

    Then come findings that at least half of the reports state to be absent, without those that a wider one denied as
    often tells of ("no axis deviation": no left one). `asked` are findings named in the
    question: only these are then counted, present and absent; one that no report speaks of is said to be
    mentioned by none. Measured values ("C-reactive protein 12 mg/L") are counted only where they are asked for: that
    one was written down says nothing of a patient. `among` as for `count_labels`.
    """
    evidence = countable(evidence)
    everything = studies_of(evidence)
    studies = {study: pieces for study, pieces in everything.items() if any(p.kind == "text" for p in pieces)}
    if not studies:
        return []
    read = [[(piece, extract_findings(piece.text)) for piece in pieces] for pieces in studies.values()]
    found = [[finding for _, findings in pieces for finding in findings] for pieces in read]
    names = list(asked) or sorted({finding.entity for own in found for finding in own if not is_measurement(finding)})
    says = {name: [_said(own, name) for own in found] for name in names}
    present = Counter({name: said.count("present") + said.count("both") for name, said in says.items()})
    # a study that denies a finding here and states it there can't be counted among the denials, nor left out
    absent = Counter({name: said.count("absent") for name, said in says.items() if "both" not in said})
    if asked:
        stated = [name for name in asked if present[name] or not absent[name]]
        denied = [name for name in asked if absent[name]]
    else:
        often = [name for name in absent if absent[name] >= len(studies) / 2]
        often = [name for name in often if not any(_is_told_by(name, other, absent) for other in often)]
        denied = sorted(often, key=lambda name: (-absent[name], name))
        stated = _most_frequent(present, at_most, single=not denied)
    counted = [(present[name], "mention", "present", name) for name in stated]
    some_denied = denied[: max(2, at_most - len(stated))]
    counted += [(absent[name], "state that there is no", "absent", name) for name in some_denied]
    noun = "studies" if len(studies) == len(everything) else "reports"
    chosen, others = are_chosen(evidence), among > len(studies)
    return [
        Statement(
            state_count(n, len(studies), noun, verb, name, chosen=chosen, others=others, whose=whose),
            _cited(read, name, status),
            "similar",
        )
        for n, verb, status, name in counted
    ]


def without_repeats(labelled: Iterable[Statement], mentioned: Iterable[Statement]) -> list[Statement]:
    """What labels say, without what the reports of as many studies mention: where a report is made of a label, both
    would tell a reader the same."""
    told = [count for said in mentioned if (count := parse_count(said.text)) and not count.negated]

    def repeats(statement: Statement) -> bool:
        count = parse_count(statement.text)
        return count is not None and any(_same_count(count, other) for other in told)

    return [statement for statement in labelled if not repeats(statement)]


def _same_count(labelled: Count, mentioned: Count) -> bool:
    found = extract_findings(labelled.finding)
    same = any(implies(finding, mentioned.finding) == "present" for finding in found)
    return same and (mentioned.n, mentioned.m) == (labelled.n, labelled.m)


def _cited(studies: Iterable[Sequence[tuple[Evidence, Sequence[Finding]]]], name: str, status: str) -> tuple[str, ...]:
    """A piece of each study: of those counted the first that says it, then of the others, for "of 5", a first text."""
    saying, others = [], []
    for pieces in studies:
        says = (p.id for p, findings in pieces if any(implies(finding, name) == status for finding in findings))
        if (piece := next(says, None)) is not None:
            saying.append(piece)
        else:
            others.append(next(p.id for p, _ in pieces if p.kind == "text"))
    return (*saying, *others)


def _said(findings: Iterable[Finding], name: str) -> str:
    """What the findings of one study say of another finding: "present", "absent", "both" (of two places) or ""."""
    said = {implies(finding, name) for finding in findings} - {None}
    return "both" if len(said) == 2 else str(next(iter(said), ""))


def _is_told_by(name: str, other: str, absent: Mapping[str, int]) -> bool:
    """Whether the denials of another, wider finding are as many, and say that this one is absent."""
    return name != other and absent[name] == absent[other] and implies(Finding(other, "absent"), name) == "absent"


def _same_label(one: str, other: str, says: Mapping[str, Sequence[Finding]]) -> bool:
    """Whether two labels are the same words or synonyms; a kind of it ("sinus bradycardia") is another label."""
    if one.casefold() == other.casefold():
        return True
    return any(implies(a, b.entity) == implies(b, a.entity) == "present" for a in says[one] for b in says[other])


def _most_frequent(tally: Mapping[str, int], at_most: int, single: bool = True) -> list[str]:
    """What more than one study has, the most frequent first; with `single` else one that a single study has."""
    ranked = sorted((value for value in tally if tally[value]), key=lambda value: (-tally[value], value))
    often = [value for value in ranked if tally[value] > 1]
    return (often or ranked[: int(single)])[:at_most]


def _labels(pieces: Sequence[Evidence]) -> set[tuple[str, str]]:
    return {label for piece in pieces for label in clinical_labels(piece.labels)}


def _noun(pieces: Sequence[Evidence]) -> str:
    nouns = {_NOUNS.get(piece.modality, "images" if piece.kind == "image" else "recordings") for piece in pieces}
    return nouns.pop() if len(nouns) == 1 else "studies"


def _spoken(label: str) -> str:
    """A label as it stands within a sentence: "Sinus rhythm" → "sinus rhythm"; "ARDS" stays."""
    return " ".join(word.lower() if word.istitle() and word.isalpha() else word for word in label.split())
