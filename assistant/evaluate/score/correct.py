"""What "correct" means, by task and by what the reference says; the one place that decides it.

| task | the reference has | correct is |
| --- | --- | --- |
| any | `answerable = false` | nothing was answered |
| `choose` | `choice` | that choice was picked |
| `check` | `verdict` | told to be supported where people say so, and not where they do not; no control |
| `ask` | `answer` is yes, no or maybe | the claims say that word, and no other of the three |
| `ask` | `must` | every string stands in the claims |
| `ask` | `findings` | every finding is stated with its negation, none the other way round |
| `ask` | `statements` | a judge finds every statement entailed by the claims together |
| `ask` | `answer` of up to six words | its words stand in the claims, in order |

The first line that applies counts. An abstention from an answerable question is not correct, nor is a reply that could
not be parsed. Where no line applies, nobody can say: None. Drafts and measurements are right or wrong by degrees, see
`reports` and `ecg`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge.wording import Wording, entailed_verdicts
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench, Family, Marks, Metric, Pair
from assistant.evaluate.score.stated import states
from assistant.evaluate.score.told import in_a_row, shown, texts_of
from assistant.records import Claim

By = Literal["abstention", "choice", "verdict", "yes or no", "must", "findings", "words", "statements"]
SHORT_ANSWER = 6  # words of a reference answer that are looked for as they stand; a longer one nobody repeats
_OPENING = re.compile(
    r"^\W*(?:(?:the\s+)?(?:short\s+|final\s+)?answer(?:\s+is)?\s*:?\s*)?"
    r"(?:(?P<yes>yes)\b|(?P<no>no)(?=\s*(?:$|[.,;:!–—-]))|(?P<maybe>maybe|possibly|perhaps)(?=\s*(?:$|[.,;:!–—-])))",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")


@dataclass(frozen=True, slots=True)
class Correctness:
    """Whether a case came out right, and by what that was decided.

    `answered` is false for an abstention, `parsed` where a pick or a yes or no had to be read from a reply and could
    not be. `judged`: it rests on a judge's verdicts.
    """

    correct: bool
    by: By
    answered: bool = True
    parsed: bool = True

    @property
    def judged(self) -> bool:
        return self.by == "statements"


def correctness(case: Case, sample: Sample, bench: Bench) -> Correctness | None:
    """Whether what came of a case is correct; None where the reference does not let one say."""
    if sample.error is not None:
        return None
    match case.task:
        case "choose":
            return _chosen(case, sample, bench)
        case "check":
            return _checked(case, sample)
        case "ask":
            return _asked(case, sample, bench) if sample.answer is not None else None
        case _:
            return None


def fully_supported(claims: Sequence[Claim]) -> bool:
    """Whether there is a claim, and none that is not supported."""
    return bool(claims) and all(claim.verdict == "supported" for claim in claims)


def parse_yes_no(texts: Iterable[str]) -> Literal["yes", "no", "maybe"] | None:
    """The yes, no or maybe with which claims begin; None where none does, or two disagree.

    "No" counts before a stop, a comma or a dash only: "No effusion." denies an effusion and answers no question.
    """
    found = {match.lastgroup for text in texts if (match := _OPENING.match(text)) is not None}
    for word in ("yes", "no", "maybe"):
        if found == {word}:
            return word
    return None


def contains(text: str, wanted: str) -> bool:
    """Whether `wanted` stands in `text`, compared without case; a number not as a part of a longer one."""
    before = r"(?<!\d)(?<!\d[.,])" if wanted[:1].isdigit() else ""
    after = r"(?![.,]?\d)" if wanted[-1:].isdigit() else ""
    return re.search(before + re.escape(wanted.casefold()) + after, text.casefold()) is not None


def judge_statements(case: Case, sample: Sample, bench: Bench) -> tuple[int, int]:
    """How many of the reference's statements the claims together entail, and how many they contradict."""
    texts = texts_of(shown(sample, removes=bench.removes))
    if not texts:
        return 0, 0
    verdicts = [bench.judge.entails(texts, statement).verdict for statement in case.reference.statements]
    return verdicts.count("supported"), verdicts.count("contradicted")


def _chosen(case: Case, sample: Sample, bench: Bench) -> Correctness | None:
    answered = sample.choice is not None
    abstained = not answered and not sample.unparsed
    if case.reference.answerable is False:
        return Correctness(abstained, "abstention", answered=not abstained, parsed=not sample.unparsed)
    if case.reference.choice is None:
        return None
    right = answered and sample.choice == case.reference.choice
    return Correctness(right, "choice", answered=not abstained, parsed=not sample.unparsed)


def _checked(case: Case, sample: Sample) -> Correctness | None:
    if sample.judgement is None or case.reference.verdict is None or case.is_control:
        return None
    return Correctness((sample.judgement.verdict == "supported") == (case.reference.verdict == "supported"), "verdict")


def _asked(case: Case, sample: Sample, bench: Bench) -> Correctness | None:
    reference = case.reference
    claims = shown(sample, removes=bench.removes)
    if reference.answerable is False:
        return Correctness(not claims, "abstention", answered=bool(claims))
    texts = texts_of(claims)
    said = in_a_row(texts)
    wanted = (reference.answer or "").strip().rstrip(".").casefold()
    parsed = True
    if wanted in ("yes", "no", "maybe"):
        by: By = "yes or no"
        word = parse_yes_no(texts)
        right, parsed = word == wanted, word is not None or not claims
    elif reference.must:
        by, right = "must", all(contains(said, string) for string in reference.must)
    elif reference.findings:
        found = [states(said, finding) for finding in reference.findings]
        known = [state for states_ in found for state in states_]
        if not known:
            return None
        by, right = "findings", all(state == "stated" for state in known)
    elif reference.statements:
        by, right = "statements", judge_statements(case, sample, bench)[0] == len(reference.statements)
    elif wanted and len(wanted.split()) <= SHORT_ANSWER:
        by, right = "words", _words(wanted) in _words(said)
    else:
        return None
    return Correctness(right and bool(claims), by, answered=bool(claims), parsed=parsed)


def _words(text: str) -> str:
    """Its words alone, lower case, with a space at both ends, so that whole words are found by `in`."""
    return " ".join(["", *_WORD.findall(text.casefold()), ""])


_NOBODY = "Cases of which the reference does not let one say add nothing."


def _metrics(_: Suite) -> tuple[Metric, ...]:
    return (
        Metric(
            "accuracy",
            "Correct",
            "high",
            "Cases that came out right over all cases of which the reference lets one say: the right choice, the right "
            "yes or no, every required string, every reference finding with its negation, a short answer's words, a "
            "claim told to be supported or not as people say, nothing answered where there is no answer.",
            edge=f"An abstention from an answerable question and a reply that could not be parsed are wrong. {_NOBODY}",
        ),
        Metric(
            "accuracy_answered",
            "Correct of those answered",
            "high",
            "The same over the cases that were answered.",
            edge="All abstained: absent. A reply that could not be parsed is wrong. Checks, from which there is no "
            f"abstaining, add nothing. {_NOBODY}",
            detail=True,
        ),
        Metric(
            "wrong_answer_rate",
            "Wrong answers given",
            "low",
            "Cases that were answered and came out wrong over all cases of which the reference lets one say: what "
            "misleads a reader. With `accuracy` and the cases rightly or wrongly not answered it adds up to 1.",
            edge="An abstention is no wrong answer, whether or not there is one; a reply that could not be parsed is. "
            f"Checks, from which there is no abstaining, add nothing. {_NOBODY}",
        ),
        Metric(
            "correct_and_supported",
            "Correct and supported",
            "high",
            "Cases that came out right and whose claims are all supported, over all cases of which one can say whether "
            "they are right. An answer that is right without support does not count.",
            edge="An abstention counts where there is no answer. A choice without claims does not count. With "
            f"verify.unsupported = remove the claims are those left. {_NOBODY}",
            judged=True,
        ),
        Metric(
            "correct_unsupported",
            "Correct without support",
            "low",
            "Cases that came out right although a claim is not supported or there is none, over the same cases.",
            edge="As above; the two add up to the correct ones.",
            judged=True,
            detail=True,
        ),
        Metric(
            "unparsed_rate",
            "Replies not understood",
            "low",
            "Answered cases whose pick, yes or no could not be read from the reply, over the answered cases that "
            "needed one.",
            edge="An abstention is none; two different words in one answer are. All abstained: absent.",
        ),
        Metric(
            "must_rate",
            "Required content",
            "high",
            "Required strings found in the claims, compared without case, over all required strings; a number is not "
            "found in a longer one.",
            edge="An abstention finds none; cases without required strings add nothing.",
            unit="strings",
        ),
        Metric(
            "statement_coverage",
            "Reference statements covered",
            "high",
            "Statements of the reference that the claims together entail over all of them; K-QA calls it "
            "comprehensiveness.",
            edge="An abstention covers none; cases without statements add nothing.",
            unit="statements",
            judged=True,
            verdicts="statement_coverage",
            source="Manes et al. 2024, K-QA",
        ),
        Metric(
            "statement_contradicted_rate",
            "Reference statements contradicted",
            "low",
            "Statements of the reference that the claims contradict over all of them; K-QA calls it the "
            "hallucination rate.",
            edge="An abstention contradicts none; cases without statements add nothing.",
            unit="statements",
            judged=True,
            source="Manes et al. 2024, K-QA",
        ),
        Metric(
            "complete_rate",
            "Complete answers",
            "high",
            "Answers that entail every statement of the reference over the cases with statements.",
            edge="An abstention is not complete; cases without statements add nothing.",
            judged=True,
            detail=True,
        ),
    )


def _mark(case: Case, sample: Sample, bench: Bench) -> Marks:
    scores: dict[str, Pair] = {}
    found = correctness(case, sample, bench)
    if found is not None:
        scores |= _score_correct(found, sample, bench)
    if sample.answer is not None and case.reference.must:
        said = " ".join(texts_of(shown(sample, removes=bench.removes)))
        hits = sum(contains(said, wanted) for wanted in case.reference.must)
        scores["must_rate"] = (float(hits), float(len(case.reference.must)))
    if sample.answer is not None and case.reference.statements:
        count = float(len(case.reference.statements))
        covered, contradicted = judge_statements(case, sample, bench)
        scores["statement_coverage"] = (float(covered), count)
        scores["statement_contradicted_rate"] = (float(contradicted), count)
        scores["complete_rate"] = (float(covered == count), 1.0)
        texts = texts_of(shown(sample, removes=bench.removes))
        rows = entailed_verdicts(bench.judge, texts, case.reference.statements, Wording.PROSE)
        return Marks(scores, observations={"statement_coverage": rows})
    return Marks(scores)


def _score_correct(found: Correctness, sample: Sample, bench: Bench) -> dict[str, Pair]:
    scores: dict[str, Pair] = {}
    if not found.judged:
        scores["accuracy"] = (float(found.correct), 1.0)
        if found.by != "verdict":
            scores["wrong_answer_rate"] = (float(found.answered and not found.correct), 1.0)
            if found.answered:
                scores["accuracy_answered"] = (float(found.correct), 1.0)
    if found.by != "verdict":
        claims = shown(sample, removes=bench.removes)
        supported = fully_supported(claims) or (found.by == "abstention" and not found.answered)
        scores["correct_and_supported"] = (float(found.correct and supported), 1.0)
        scores["correct_unsupported"] = (float(found.correct and not supported), 1.0)
    if found.by in ("choice", "yes or no") and found.answered:
        scores["unparsed_rate"] = (float(not found.parsed), 1.0)
    return scores


FAMILY = Family("correct", "Correctness", frozenset({"ask", "choose", "check"}), _metrics, _mark)
