"""The labelled sets that judges are measured on, what each label is, and which set speaks for which claims."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.evaluate.judge.wording import Wording


@dataclass(frozen=True, slots=True)
class Labelled:
    """A set: `words` say what its labels are and who gave them. `kinds` are those of its mapping that carry labels."""

    title: str
    words: str
    wording: Wording
    kinds: tuple[str, ...]


LABELS: dict[str, Labelled] = {
    "kqa": Labelled(
        "K-QA",
        "three physicians' majority on claims of models' medical answers: entailed by the physician's answer or not",
        Wording.PROSE,
        ("labels",),
    ),
    "faithbench": Labelled(
        "FaithBench",
        "people's notes on models' summaries of general texts, chosen because detectors disagree: not supported where "
        "anybody noted an unwanted hallucination; what is only questionable is left out",
        Wording.PROSE,
        ("summaries",),
    ),
    "radfact": Labelled(
        "RadFact",
        "a language model's labels on sentences of chest X-ray reports against another report; few",
        Wording.REPORT,
        ("sentences",),
    ),
    "mts_dialog": Labelled(
        "MTS-Dialog",
        "sentences that a physician noted: supported by the dialogue they were written from, not by another one; by "
        "construction, so that a sentence true of both patients counts as an error of the judge",
        Wording.REPORT,
        ("own", "other"),
    ),
}
DEFAULT: dict[Wording, str] = {Wording.PROSE: "kqa", Wording.REPORT: "radfact"}
"""Medical prose that physicians judged; and sentences of reports against reports, which a run's claims are. Their few
labels make the interval wide. MTS-Dialog is for evidence that is a conversation, FaithBench for summaries."""


def labels_for(wording: Wording, chosen: str = "auto") -> str:
    """The set whose figures correct claims of a wording; `chosen` is the suite's option `judge_labels`."""
    return DEFAULT[wording] if chosen == "auto" else chosen
