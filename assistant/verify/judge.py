"""Does the evidence support a claim? By rules alone: the same on every machine, without a network.

Order: a quotation is supported; what has a clinical normal form is compared in it (finding, status, side, severity,
place, change, number, measured value); everything else by its words, with the learned rule of `prose.py`. A claim
that can't be judged is unsupported, never fine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.findings.mentions import Mention, Reading, read_sentence
from assistant.findings.quantities import Quantity
from assistant.findings.sentences import sentences
from assistant.findings.vocabulary import related
from assistant.records import ErrorKind, Judgement
from assistant.verify.clinical import Outcome, attribute_pairs, judge_mention
from assistant.verify.evidence import ReadEvidence, quotable, read_evidence, stands_in
from assistant.verify.general import speaks_generally
from assistant.verify.measured import judge_measured, replaces
from assistant.verify.prose import Signs, announces, asks, read_signs, rule
from assistant.verify.wording import (
    Wording,
    coverage,
    kind_of_opposite,
    missing_numbers,
    opposite,
    read_wording,
)
from assistant.wording import joined, worded

if TYPE_CHECKING:
    from assistant.verify.entail import EntailmentModel

SAME_THING = 0.6  # words shared at which a sentence speaks of the same thing as the claim
MOST = 0.55  # words that one sentence must have of a claim that is short or speaks as a report does: each turns it
SHORT = 4  # content words
FAR_APART = 100  # times: beyond a slip between mm and cm, ms and s are told apart
SAME_SUBJECT = 0.5  # words shared at which another number speaks against the claim's
LONGER = 2.0  # times as many words at which a sentence says too much for a denial in it to be the claim's
SAME_SENTENCE = 0.8  # words shared at which a denial or an opposite speaks of the same thing
PROSE = 0.45  # share of a claim's words outside the normal form above which its words decide
LONGEST_CLAIM = 4_000  # characters of a claim that are judged; a longer one is unsupported

_TWICE = re.compile(
    r"\b(left|right|upper|middle|mid|lower|apical|basal|basilar|anterior|posterior|medial|lateral|proximal|distal)\b"
    r"(?:\s+\w+)?\s+(?:and|or|/)\s+(?:the\s+)?\1\b",
    re.IGNORECASE,
)
_AGE_WORDS = re.compile(
    r"\b(?:acute|subacute|chronic|(?<!year-)(?<!years-)(?<!year )(?<!years )old|recent|healed|remote)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Means:
    """What general prose is weighed with beside the rule, and from which probability on it is supported if not as
    learned."""

    entailment: EntailmentModel | None = None
    supported_from: float | None = None


def check(
    claim: str,
    evidence: str | Sequence[str],
    *,
    entailment: EntailmentModel | None = None,
    supported_from: float | None = None,
) -> Judgement:
    """How `evidence` (a text or several) bears on `claim`.

    Several sentences are judged one by one and the worst decides; `score`, the mean of theirs, is in [0, 1], high =
    supported. `why` names the deciding words of the evidence. An empty claim or empty evidence is unsupported
    (unverifiable). An `entailment` model is asked about general prose alone, and weighed with the rule, which supports
    a sentence from the probability `supported_from` on (None: as it was learned).
    """
    pieces = [evidence] if isinstance(evidence, str) else list(evidence)
    pieces = [piece for piece in pieces if piece and not piece.isspace()]
    if not claim or not re.search(r"\w", claim):
        return Judgement("unsupported", 0.0, "unverifiable", "the claim says nothing")
    if not pieces:
        return Judgement("unsupported", 0.0, "unverifiable", "there is no evidence")
    if len(claim) > LONGEST_CLAIM:
        return Judgement(
            "unsupported",
            0.0,
            "unverifiable",
            worded("longer than {longest_claim} characters: not judged", longest_claim=LONGEST_CLAIM),
        )
    read = read_evidence(tuple(pieces))
    if stands_in(claim, read):
        return Judgement("supported", 1.0, None, "stands in the evidence word for word")
    parts = [part for part in sentences(claim) if re.search(r"\w", part) and not announces(part)]
    if not parts:
        return Judgement("unsupported", 0.0, "unverifiable", "the claim only announces something")
    means = _Means(entailment, supported_from)
    judged = [_judge_sentence(part, read, means) for part in parts]
    worst = min(judged, key=lambda j: (("contradicted", "unsupported", "supported").index(j.verdict), j.score))
    return Judgement(worst.verdict, sum(j.score for j in judged) / len(judged), worst.error_kind, worst.why)


def _judge_sentence(claim: str, evidence: ReadEvidence, means: _Means) -> Judgement:
    if quotable(claim) in evidence.quotable:
        return Judgement("supported", 1.0, None, "stands in the evidence word for word")
    reading = read_sentence(claim)
    wording = read_wording(claim)
    missing = missing_numbers(wording, evidence.quantities)
    signs = read_signs(wording, evidence.pieces, evidence.words, number=bool(missing))
    numbers = _judge_numbers(reading, missing, signs)
    by_words = not reading.mentions or _is_prose(reading, wording)
    if not by_words:
        judgement = _judge_clinically(reading, evidence)
        if judgement.verdict == "unsupported" and all(mention.status != "absent" for mention in reading.mentions):
            judgement = _judge_opposites(wording, signs) or judgement
    else:
        judgement = _judge_by_words(reading, wording, evidence, signs, means)
    if numbers is not None and judgement.verdict != "contradicted":
        return numbers
    if judgement.verdict == "supported":
        return _judge_attributes(reading, wording, evidence, by_words) or judgement
    return judgement


def _judge_attributes(reading: Reading, wording: Wording, evidence: ReadEvidence, by_words: bool) -> Judgement | None:
    """A side, place, degree or course of the claim that no sentence on the same thing has.

    Catches what belongs to no finding of the vocabulary ("prominence of the right paratracheal soft tissues").
    """
    if reading.mentions and all(mention.status == "absent" for mention in reading.mentions):
        return None  # who denies an effusion denies a large one and a left one
    near = [
        read_sentence(sentence.text)
        for piece in evidence.pieces
        for sentence in piece
        if coverage(wording.features, sentence.meant) >= SAME_THING
    ]
    if not near:
        return None
    shown = f"“{near[0].text[:160]}”"
    doubled = _TWICE.search(reading.text)
    if doubled and not any(_TWICE.search(sentence.text) for sentence in near):
        kind: ErrorKind = "laterality" if doubled[1].lower() in ("left", "right") else "location"
        return Judgement(
            "contradicted",
            0.15,
            kind,
            worded("“{group}” names one place twice, against {shown}", group=doubled.group(), shown=shown),
        )
    turned = opposite(wording, read_wording(near[0].text)) if len(near) == 1 else None
    if turned is not None and kind_of_opposite(turned[0]) in ("location", "laterality"):
        return Judgement(
            "contradicted",
            0.15,
            kind_of_opposite(turned[0]),
            worded("{one} against {other}: {shown}", one=turned[0], other=turned[1], shown=shown),
        )
    general = speaks_generally(reading.text)
    ages = set() if general else {word.lower() for word in _AGE_WORDS.findall(_uncovered(reading))}
    known = {word.lower() for near_by in near for word in _AGE_WORDS.findall(near_by.text)}
    if ages - known and (by_words or not any(mention.ages for mention in reading.mentions)):
        unsaid = ", ".join(sorted(ages - known))
        return Judgement(
            "unsupported", 0.4, "time", worded("{unsaid} is not said of it: {shown}", unsaid=unsaid, shown=shown)
        )
    for kind, claimed, stated in attribute_pairs(reading.attributes, [r.attributes for r in near]):
        if general and kind in ("severity", "time"):
            continue  # "a large share", "the risk increases": words like any other
        if stated:
            return Judgement(
                "contradicted",
                0.15,
                kind,
                worded(
                    "{claimed} against {stated}: {shown}",
                    claimed=", ".join(claimed),
                    stated=", ".join(stated),
                    shown=shown,
                ),
            )
        return Judgement(
            "unsupported",
            0.35,
            kind,
            worded("{claimed} is not said of it: {shown}", claimed=", ".join(claimed), shown=shown),
        )
    return None


def _is_prose(reading: Reading, wording: Wording) -> bool:
    """Whether most of what a sentence says lies outside the normal form."""
    if not wording.features:
        return False
    outside = _outside(reading)
    return len(outside) > 3 or (len(outside) > 1 and coverage(wording.features, outside) > PROSE)


def _outside(reading: Reading) -> frozenset[str]:
    """Content words that no phrase of the vocabulary covers."""
    return read_wording(_uncovered(reading)).features


def _uncovered(reading: Reading) -> str:
    """The sentence with blanks where phrases of the vocabulary stand."""
    rest = list(reading.text)
    for start, end in reading.covered:
        rest[start:end] = " " * (end - start)
    return "".join(rest)


def _judge_clinically(reading: Reading, evidence: ReadEvidence) -> Judgement:
    outcomes = [_judge_finding(mention, evidence) for mention in reading.mentions]
    worst = min(outcomes, key=_severity_of)
    if worst.verdict != "supported":
        return Judgement(worst.verdict, worst.score, worst.kind, worst.why)
    rest = _outside(reading)
    if len(rest) > 1 and coverage(rest, evidence.words) < 0.5:
        unknown = ", ".join(sorted(rest - evidence.words)[:4])
        return Judgement(
            "unsupported", 0.4, "fabrication", worded("the evidence does not speak of: {unknown}", unknown=unknown)
        )
    return Judgement("supported", worst.score, None, worst.why)


def _judge_finding(mention: Mention, evidence: ReadEvidence) -> Outcome:
    """What texts say of a finding and what was measured; a measured value outweighs silence, and a text it refutes."""
    said = judge_mention(mention, evidence.said)
    measured = judge_measured(mention, evidence.quantities)
    return measured if measured is not None and replaces(measured, said) else said


def _severity_of(outcome: Outcome) -> tuple[int, float]:
    return ("contradicted", "unsupported", "supported").index(outcome.verdict), outcome.score


def _judge_by_words(
    reading: Reading, wording: Wording, evidence: ReadEvidence, signs: Signs, means: _Means
) -> Judgement:
    if all(feature[0] == "#" for feature in wording.features):
        if wording.quantities and not missing_numbers(wording, evidence.quantities):
            return Judgement("supported", 0.9, None, "the evidence states the number")
        return Judgement("unsupported", 0.1, "unverifiable", "nothing in it can be checked")
    shown = f"“{signs.sentence[:160]}”"
    stated = read_wording(signs.sentence) if signs.sentence else None
    if stated is not None and signs.words >= SAME_SENTENCE and not asks(stated.text):
        of_one_length = len(stated.features) <= LONGER * len(wording.features)
        if of_one_length and bool(wording.denials) != bool(stated.denials):
            return Judgement(
                "contradicted", 0.1, "negation", worded("denied in one and not in the other: {shown}", shown=shown)
            )
    if stated is not None and not asks(stated.text):
        turned = _turned_alone(wording, stated)
        if turned is not None:
            return turned
    against = _contradicted_finding(reading, wording, evidence)
    if against is not None:
        return Judgement("contradicted", 0.15, against.kind, against.why)
    probability, supported_from = _probability(reading.text, evidence, signs, means)
    general = speaks_generally(reading.text) and len(wording.features) > SHORT
    if probability >= supported_from and (general or signs.words >= MOST):
        return Judgement("supported", probability, None, worded("said by the evidence: {shown}", shown=shown))
    unknown = sorted(f[1:] for f in wording.features if f[0] == "@" and f not in evidence.words)
    why = (
        worded("the evidence does not speak of {unknown}", unknown=", ".join(unknown[:3]))
        if unknown
        else "the evidence does not say it"
    )
    nearest = worded("nearest: {shown}", shown=shown) if signs.sentence else ""
    return Judgement("unsupported", probability * signs.words, "fabrication", joined([why, nearest]))


def _probability(claim: str, evidence: ReadEvidence, signs: Signs, means: _Means) -> tuple[float, float]:
    """How likely a sentence of prose is supported, and from which probability on it is."""
    probability, learned = rule().probability(signs), rule().supported_from
    if means.entailment is not None:
        from assistant.verify.entail.combined import combination

        entailed = float(means.entailment.judge([(claim, "\n".join(evidence.texts))])[0, 0])
        both = combination(means.entailment.name)
        probability, learned = both.probability(probability, entailed), both.supported_from
    return probability, learned if means.supported_from is None else means.supported_from


def _contradicted_finding(reading: Reading, wording: Wording, evidence: ReadEvidence) -> Outcome | None:
    """A finding of the claim that a sentence on the same thing speaks against, or a measured value."""
    if not reading.mentions:
        return None
    near = tuple(
        said
        for said in evidence.said
        if coverage(wording.features, read_wording(said.sentence).meant) >= SAME_THING and not asks(said.sentence)
    )
    for mention in reading.mentions:
        outcome = judge_mention(mention, near)
        measured = judge_measured(mention, evidence.quantities)
        if measured is not None and replaces(measured, outcome):
            outcome = measured
        if outcome.verdict == "contradicted" and not outcome.implied:
            return outcome
    return None


def _turned_alone(wording: Wording, stated: Wording) -> Judgement | None:
    """A contradiction where a sentence says all that the claim says but for one word, and of that the opposite."""
    turned = opposite(wording, stated)
    if turned is None:
        return None
    rest = wording.features - read_wording(turned[0]).features
    if not rest or coverage(rest, stated.meant) < SAME_SENTENCE:
        return None
    why = worded("“{one}” against “{other}”: “{said}”", one=turned[0], other=turned[1], said=stated.text[:160])
    return Judgement("contradicted", 0.15, kind_of_opposite(turned[0]), why)


def _judge_opposites(wording: Wording, signs: Signs) -> Judgement | None:
    """A contradiction where the sentence on the same thing has the opposite word."""
    if signs.words < SAME_THING or not signs.sentence:
        return None
    turned = opposite(wording, read_wording(signs.sentence))
    if turned is None:
        return None
    why = worded("“{one}” against “{other}”: “{said}”", one=turned[0], other=turned[1], said=signs.sentence[:160])
    return Judgement("contradicted", 0.15, kind_of_opposite(turned[0]), why)


def _judge_numbers(
    reading: Reading, missing: Sequence[tuple[Quantity, Quantity | None]], signs: Signs
) -> Judgement | None:
    """The first number of the claim that the evidence does not carry, as a judgement."""
    alike = bool(missing and signs.sentence) and _speaks_of_the_same(reading, read_sentence(signs.sentence))
    stated = read_wording(signs.sentence).quantities if alike else ()
    for claimed, instead in missing:
        kind: ErrorKind = "time" if claimed.is_time else "number"
        if claimed.is_spelled_count:
            continue  # "two topics": a count of the writer's own, which the rule for prose weighs
        beside = claimed.name is not None or (signs.words >= SAME_SUBJECT and instead in stated)
        if instead is not None and beside and not _far_apart(claimed, instead):
            why = worded("{text} is claimed, the evidence states {instead}", text=claimed.text, instead=instead.text)
            return Judgement("contradicted", 0.08, kind, why)
        return Judgement("unsupported", 0.2, kind, worded("{text} stands nowhere in the evidence", text=claimed.text))
    return None


def _speaks_of_the_same(claim: Reading, stated: Reading) -> bool:
    """Whether a sentence may be on what the claim is on: both name findings, and none of them in common, if not."""
    mine, theirs = ({mention.entity for mention in reading.mentions} for reading in (claim, stated))
    return not (mine and theirs) or any(related(one, other) for one in mine for other in theirs)


def _far_apart(claimed: Quantity, instead: Quantity) -> bool:
    """Whether two numbers without a name can't be meant for one another: 60 ms after the QRS, 10 s of recording."""
    if claimed.name is not None or claimed.dimension in ("count", "date"):
        return False
    low, high = sorted((abs(claimed.value), abs(instead.value)))
    return low > 0 and high > FAR_APART * low
