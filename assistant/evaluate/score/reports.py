"""Reports: a draft, or an answer to "report on this", against the study's own report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from assistant.evaluate.bootstrap import OfSums
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge.wording import Wording, entailed_verdicts
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair, Row
from assistant.evaluate.overlap import bert_score, bleu, bleu_counts, remember, rouge_l
from assistant.evaluate.score.omission import reference_findings
from assistant.evaluate.score.stated import read, state_of
from assistant.evaluate.score.told import claims_of, findings_told, shown, statement_of, texts_of
from assistant.findings import sentence_spans
from assistant.findings.sections import Sections
from assistant.records import Claim, Finding
from assistant.verify import split_claims

TABLE = "bleu"  # one row a report: `bleu_counts`
corpus_bleu = OfSums(bleu)
Key = tuple[str | None, ...]
LEVELS = {
    "finding": ("findings", "entity and negation"),
    "finding_side": ("findings with their side", "entity, negation and side"),
    "finding_full": ("findings with side and degree", "entity, negation, side and degree"),
    "finding_present": ("findings that are present", "entity, of findings that are present"),
}


def keys_of(findings: Iterable[Finding], level: str) -> set[Key]:
    """What of findings is compared at a level."""
    match level:
        case "finding":
            return {(f.entity, f.status) for f in findings}
        case "finding_side":
            return {(f.entity, f.status, f.side) for f in findings}
        case "finding_full":
            return {(f.entity, f.status, f.side, f.severity) for f in findings}
        case "finding_present":
            return {(f.entity,) for f in findings if f.status == "present"}
    raise KeyError(level)


def score_findings(told: tuple[Finding, ...], wanted: tuple[Finding, ...]) -> dict[str, Pair]:
    """Precision, recall and F1 at each level; {} where neither side has a finding."""
    scores: dict[str, Pair] = {}
    for level in LEVELS:
        ours, theirs = keys_of(told, level), keys_of(wanted, level)
        right = float(len(ours & theirs))
        if ours:
            scores[f"{level}_precision"] = (right, float(len(ours)))
        if theirs:
            scores[f"{level}_recall"] = (right, float(len(theirs)))
        if ours or theirs:
            scores[f"{level}_f1"] = (2 * right, float(len(ours) + len(theirs)))
    return scores


def score_suggestions(claims: Iterable[Claim], wanted: tuple[Finding, ...]) -> dict[str, Pair]:
    """What similar studies suggest, against the study's own report; {} without a suggestion that names a finding."""
    suggested = findings_told(claim for claim in claims if claim.about == "similar")
    told = {(finding.entity, finding.status): finding for finding in suggested}
    if not told:
        return {}
    states = [state_of(finding, wanted) for finding in told.values()]
    count = float(len(states))
    return {
        "suggestion_precision": (float(states.count("stated")), count),
        "suggestion_contradicted_rate": (float(states.count("contradicted")), count),
    }


@lru_cache(maxsize=1024)
def statements_of(report: str) -> tuple[str, ...]:
    """The statements of a report, cut as claims are; headings, questions, technique and comparison left out."""
    sections = Sections(report)
    found: list[str] = []
    for start, end in sentence_spans(report):
        for begin, stop, role in sections.pieces(start, end):
            piece = report[begin:stop].strip()
            if role == "stated" and not piece.endswith(":") and re.search(r"[^\W\d_]", piece):
                found += split_claims(piece)
    return tuple(dict.fromkeys(found))


def judge_entailment(claims: Iterable[Claim], report: str, bench: Bench) -> dict[str, tuple[Row, ...]]:
    """Logical precision and recall in RadFact's sense, with the run's judge in place of a language model.

    By metric a row a statement: 1 where the other side entails it, and how it is worded.
    """
    told = [statement for claim in claims if (statement := statement_of(claim.text))]
    wanted = statements_of(report)
    rows: dict[str, tuple[Row, ...]] = {}
    if told and wanted:
        rows["logical_precision"] = entailed_verdicts(bench.judge, wanted, told, Wording.REPORT)
    if wanted:
        rows["logical_recall"] = entailed_verdicts(bench.judge, told, wanted, Wording.REPORT)
    return rows


_NONE = "Without a reference report: adds nothing."
_EMPTY = f"A draft or answer that says nothing has 0. {_NONE}"


def _finding_metrics() -> list[Metric]:
    normal = (
        "each once, as Wardround reads them out of both texts; a sentence that counts similar studies tells what more "
        "than half of them say"
    )
    found = []
    for level, (title, compared) in LEVELS.items():
        for part, better in (("f1", "F1"), ("precision", "precision"), ("recall", "recall")):
            words = {
                "f1": "Twice the findings that both texts have, over the findings of the one and of the other",
                "precision": "Findings of the draft that the reference has too, over those of the draft",
                "recall": "Findings of the reference that the draft has too, over those of the reference",
            }[part]
            edge = {
                "f1": "Neither text has a finding: adds nothing.",
                "precision": "A draft without findings adds nothing.",
                "recall": "A draft that says nothing has none of them.",
            }[part]
            found.append(
                Metric(
                    f"{level}_{part}",
                    f"{title[0].upper()}{title[1:]}: {better}",
                    "high",
                    f"{words}; compared by {compared}, {normal}.",
                    edge=f"{edge} {_NONE}",
                    unit="findings",
                    detail=(level, part) != ("finding", "f1"),
                )
            )
    return found


def _metrics(_: Suite) -> tuple[Metric, ...]:
    return (
        *_finding_metrics(),
        Metric(
            "suggestion_precision",
            "Suggestions that the report bears out",
            "high",
            "Findings that similar studies suggest and the study's own report states, over all findings suggested.",
            edge=f"A draft without suggestions adds nothing; what the report is silent on is not borne out. {_NONE}",
            unit="findings",
        ),
        Metric(
            "suggestion_contradicted_rate",
            "… that the report contradicts",
            "low",
            "Findings that similar studies suggest and the study's own report denies, over all findings suggested.",
            edge=f"A draft without suggestions adds nothing. {_NONE}",
            unit="findings",
            detail=True,
        ),
        Metric(
            "logical_precision",
            "Statements that the report entails",
            "high",
            "Statements of the draft that the reference report entails over all of them: RadFact's logical precision, "
            "with Wardround's checker in place of a language model.",
            edge=f"A draft without statements adds nothing; counts of similar studies as above. {_NONE}",
            unit="statements",
            judged=True,
            verdicts="logical_precision",
            source="Bannur et al. 2024, MAIRA-2",
        ),
        Metric(
            "logical_recall",
            "Report statements that the draft entails",
            "high",
            "Statements of the reference report that the draft entails over all of them: RadFact's logical recall.",
            edge=f"A draft that says nothing entails none. Questions, technique and comparison are left out. {_NONE}",
            unit="statements",
            judged=True,
            verdicts="logical_recall",
            source="Bannur et al. 2024, MAIRA-2",
        ),
        Metric(
            "rouge_l",
            "ROUGE-L",
            "high",
            "F measure of the longest common subsequence of words, lower case, not stemmed, averaged.",
            edge=_EMPTY,
            source="Lin 2004, ROUGE",
        ),
        Metric(
            "bleu_4",
            "BLEU-4",
            "high",
            "Of the whole set: the geometric mean of the precisions of one to four words, not smoothed, times the "
            "brevity penalty; words are runs of letters and digits, lower case.",
            edge=f"No four words in common anywhere: 0. {_EMPTY}",
            bounds=None,  # it is far from both ends of its range, and no rate
            table=TABLE,
            statistic=corpus_bleu,
            detail=True,
            source="Papineni et al. 2002, BLEU",
        ),
        Metric(
            "bert_score",
            "BERTScore with the packaged encoder",
            "high",
            "F of greedily matched word pieces by cosine, averaged; vectors of the last layer of "
            "all-MiniLM-L6-v2, sentence by sentence, no weights by rarity, not rescaled. Not comparable with published "
            "values, which rest on RoBERTa-large.",
            edge=_EMPTY,
            detail=True,
            source="Zhang et al. 2020, BERTScore",
        ),
    )


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    report = case.reference.report
    if not report or claims_of(sample) is None:
        return Marks()
    claims = shown(sample, removes=bench.removes)
    wanted = reference_findings(case.reference)
    text = " ".join(texts_of(claims))
    entailed = judge_entailment(claims, report, bench)
    scores = {
        **score_findings(findings_told(claims), wanted),
        **score_suggestions(claims, wanted or read(report)),
        **{name: (sum(row[0] for row in rows), float(len(rows))) for name, rows in entailed.items()},
        "rouge_l": (rouge_l(text, report), 1.0),
        "bert_score": (bert_score(text, report)[2], 1.0),
    }
    return Marks(scores, observations={TABLE: (bleu_counts(text, report),), **entailed})


def _prepare(cases: Sequence[Case]) -> None:
    remember(case.reference.report for case in cases if case.reference.report)


FAMILY = Family("reports", "Reports", frozenset({"ask", "draft"}), _metrics, _mark, _prepare)
