"""The judge: how far it agrees with people, beside every rate that rests on it, and those rates corrected."""

from __future__ import annotations

from html import escape

from assistant.evaluate.bootstrap import Interval
from assistant.evaluate.judge.agreement import Agreement
from assistant.evaluate.judge.labels import LABELS
from assistant.evaluate.result import RunResult
from assistant.evaluate.scorecard.words import number_with_interval, percent_with_interval

_NOTICE = (
    "Verdicts, and with them every rate of hallucinations and citations, come from Wardround's own checker, the same "
    "that marks the answers, unless the suite names another judge. It reads text against text: what it takes for true "
    "and is not counts as right here too, and what it doubts without reason as a hallucination. Research software, no "
    "medical device."
)
_OUTDATED = (
    "The judge has changed since it was measured: its figures and the corrected rates are those of an earlier version."
)
_ASSUMES = (
    "A corrected rate assumes that the judge errs on these cases as it does on those labels; its interval carries both "
    "uncertainties (Rogan and Gladen 1978)."
)
GOOD_AGREEMENT = 0.9  # balanced accuracy below which the judge itself is named among the weak points


def rests_on_judge(result: RunResult) -> bool:
    """Whether any of the run's numbers was decided by a judge."""
    return any(known.judged and result.metrics[name].n for name, known in result.definitions.items())


def judge_section(result: RunResult) -> str:
    """Who judged, and how it does on claims that people judged."""
    if not rests_on_judge(result):
        return ""
    notice = f'<p class="card notice">{escape(_NOTICE)}</p>'
    judge = result.judge
    if judge is None:
        return f'<section id="judge">{notice}</section>'
    if not judge.sets:
        unknown = f"Nobody has measured how far the judge {judge.judge} agrees with people, so no rate is corrected."
        return f'<section id="judge"><h2>The judge</h2>{notice}<p>{escape(unknown)}</p></section>'
    titles = ("claims", "true support recognised", "false support refused", "balanced accuracy", "kappa")
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    rows = "".join(f"<tr>{_set_row(name, found)}</tr>" for name, found in judge.sets.items())
    words = "".join(f"<dt>{escape(LABELS[n].title)}</dt><dd>{escape(LABELS[n].words)}</dd>" for n in judge.sets)
    outdated = f'<p class="card weak">{escape(_OUTDATED)}</p>' if judge.outdated else ""
    measured = f"Measured {judge.date}, on the {judge.half} half of each set. {_ASSUMES}"
    return (
        f'<section id="judge"><h2>The judge</h2>{notice}{outdated}<p class="soft">{escape(measured)}</p>'
        f'<div class="wide"><table class="plain"><tr><th>set</th>{head}</tr>{rows}</table></div>'
        f'<dl class="known">{words}</dl></section>'
    )


def _set_row(name: str, found: Agreement) -> str:
    shown = (*map(percent_with_interval, _rates(found)), number_with_interval(found.kappa))
    cells = "".join(f'<td class="value">{value}</td>' for value in (found.claims, *shown))
    return f'<th scope="row">{escape(LABELS[name].title)}</th>{cells}'


def _rates(found: Agreement) -> tuple[Interval, ...]:
    return found.sensitivity, found.specificity, found.balanced_accuracy


def corrected_words(result: RunResult, name: str) -> str:
    """What a judged rate is after correction, or why there is none; "" for a rate that no judge decides."""
    judge = result.judge
    if judge is None or name not in judge.corrected:
        return ""
    corrected = judge.corrected[name]
    if corrected.interval.value is None:
        return f"not corrected: {corrected.reason}"
    sets = " and ".join(LABELS[label].title for label in corrected.labels) or "quotations and counts alone"
    limit = ", at the limit of what the judge's error allows" if corrected.at_limit else ""
    return f"corrected {percent_with_interval(corrected.interval)}{limit}; judge measured on {sets}"


def judge_weakness(result: RunResult) -> list[str]:
    """What of the judge belongs among the weak points, as sentences."""
    judge = result.judge
    if judge is None or not rests_on_judge(result):
        return []
    if not judge.sets:
        return [f"Nobody has measured how far the judge {judge.judge} agrees with people."]
    found = []
    used = dict.fromkeys(label for corrected in judge.corrected.values() for label in corrected.labels)
    for name in used:
        accuracy = judge.sets[name].balanced_accuracy
        if accuracy.value is not None and accuracy.value < GOOD_AGREEMENT:
            told = f"{percent_with_interval(accuracy)} balanced accuracy on {judge.sets[name].claims} claims of"
            found.append(f"The judge agrees with people only so far: {told} {LABELS[name].title}.")
    if judge.outdated:
        found.append("The judge has changed since its agreement with people was measured.")
    return found
