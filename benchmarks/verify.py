"""How well `check` agrees with people, on public data: prints the table that docs/verification.md quotes.

    WARDROUND_DATA=… python benchmarks/verify.py [--part NAME] [--errors N] [--reported]

Rules and thresholds are chosen on the development half (split by question, source passage or report through a hash),
and without `--reported` nothing else is printed. Documents quote the other half, which `--reported` prints once the
work is done. Intervals are 95 %, by bootstrap over whole questions or passages.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from assistant.findings.mentions import read_phrases, read_sentence
from assistant.records import Evidence, Relation, Statement
from assistant.verify import Verifier, check
from assistant.verify.evidence import read_evidence
from assistant.verify.prose import read_tone
from assistant.verify.wording import read_wording

sys.path.insert(0, str(Path(__file__).parent))
RESAMPLES = 1_000


@dataclass(frozen=True)
class Judged:
    """One pair: its group (resampled as a whole), what people say, and what `check` says."""

    group: str
    truth: str
    verdict: str
    score: float
    claim: str = ""
    why: str = ""


Metric = Callable[[Sequence[Judged]], float]


def development(group: str) -> bool:
    """Whether a question, passage or report belongs to the half on which thresholds are chosen."""
    return hashlib.sha256(group.encode()).digest()[0] % 2 == 0


@dataclass(frozen=True)
class Pair:
    """A claim and its evidence, with what people say, and the question, passage or report that it belongs to."""

    group: str
    truth: str
    claim: str
    evidence: tuple[str, ...]


Judge = Callable[[Sequence[Pair]], list[Judged]]


def judge(pairs: Sequence[Pair]) -> list[Judged]:
    """Each pair as `check` judges it by its rules alone."""
    judged = []
    for pair in pairs:
        found = check(pair.claim, pair.evidence)
        judged.append(Judged(pair.group, pair.truth, found.verdict, found.score, pair.claim, found.why))
    return judged


def accuracy(pairs: Sequence[Judged]) -> float:
    return float(np.mean([pair.truth == pair.verdict for pair in pairs]))


def balanced_by_verdict(pairs: Sequence[Judged]) -> float:
    """Mean of the shares right among those that are and those that are not supported."""
    return balanced(pairs, lambda pair: pair.verdict == "supported")


def balanced(pairs: Sequence[Judged], says_supported: Callable[[Judged], bool]) -> float:
    shares = [
        np.mean([says_supported(p) == wanted for p in pairs if (p.truth == "supported") == wanted])
        for wanted in (True, False)
        if any((p.truth == "supported") == wanted for p in pairs)
    ]
    return float(np.mean(shares))


def share_supported(pairs: Sequence[Judged]) -> float:
    return float(np.mean([pair.verdict == "supported" for pair in pairs]))


def auroc(pairs: Sequence[Judged]) -> float:
    """Probability that a supported pair scores above one that is not; ties count half."""
    high = np.array([p.score for p in pairs if p.truth == "supported"])
    low = np.array([p.score for p in pairs if p.truth != "supported"])
    return float(np.mean((high[:, None] > low) + 0.5 * (high[:, None] == low)))


def interval(pairs: Sequence[Judged], metric: Metric) -> str:
    """The metric with its 95 % bootstrap interval over groups."""
    groups: dict[str, list[Judged]] = {}
    for pair in pairs:
        groups.setdefault(pair.group, []).append(pair)
    parts = list(groups.values())
    rng = np.random.default_rng(0)
    values = []
    for _ in range(RESAMPLES):
        drawn = [pair for at in rng.integers(len(parts), size=len(parts)) for pair in parts[at]]
        if len({pair.truth for pair in drawn}) > 1 or len({pair.truth for pair in pairs}) == 1:
            values.append(metric(drawn))
    low, high = np.percentile(values, [2.5, 97.5])
    return f"{metric(pairs):.3f} [{low:.3f}, {high:.3f}] (n={len(pairs)}, groups={len(parts)})"


def best_threshold(pairs: Sequence[Judged]) -> float:
    """The score at or above which a pair counts as supported, best in balanced accuracy."""
    candidates = sorted({pair.score for pair in pairs})
    return max(candidates, key=lambda cut: balanced(pairs, lambda pair: pair.score >= cut))


def radfact_pairs(data: Path) -> list[Pair]:
    truths = {"entailment": "supported", "contradiction": "contradicted", "neutral": "unsupported"}
    pairs = []
    for example in json.loads((data / "radfact_nli/radfact_test_examples.json").read_text()):
        for side, other in (("A", "B"), ("B", "A")):
            evidence = tuple(example["input"][f"phrases_{other}"])
            for phrase in example["output"][f"phrases_{side}_evidenced"]:
                pairs.append(Pair(example["example_id"], truths[phrase["status"]], phrase["phrase"], evidence))
    return pairs


def kqa_pairs(data: Path) -> list[Pair]:
    truths = {"Entailment": "supported", "Contradiction": "contradicted", "Neutral": "unsupported"}
    with (data / "kqa/nli_physician_labels.csv").open(encoding="utf-8", newline="") as file:
        return [
            Pair(row["Question"], truths[row["majority_label"]], row["claim"], (row["answer"],))
            for row in csv.DictReader(file)
            if row["majority_label"] in truths
        ]


def faithbench_pairs(data: Path) -> list[Pair]:
    pairs = []
    for path in sorted((data / "faithbench").glob("batch_*.json")):
        for sample in json.loads(path.read_text(encoding="utf-8"))["samples"]:
            labels = [label for note in sample["annotations"] for label in note["label"]]
            unwanted = any(label.startswith("Unwanted") for label in labels)
            if not unwanted and any(label.startswith("Questionable") for label in labels):
                continue
            truth = "unsupported" if unwanted else "supported"
            pairs.append(Pair(sample["source"][:80], truth, sample["summary"], (sample["source"],)))
    return pairs


def medhallu_pairs(data: Path, shift: int = 0) -> list[Pair]:
    """Each item's true and invented answer with its own evidence, or that of the item `shift` further on."""
    lines = (data / "medhallu/medhallu_pqa_labeled.jsonl").read_text(encoding="utf-8").split("\n")
    items = [json.loads(line) for line in lines if line]
    pairs = []
    for at, item in enumerate(items):
        knowledge = tuple(items[(at + shift) % len(items)]["knowledge"])
        pairs.append(Pair(item["pmid"], "supported", item["ground_truth"], knowledge))
        pairs.append(Pair(item["pmid"], "unsupported", item["hallucinated_answer"], knowledge))
    return pairs


@dataclass(frozen=True)
class Options:
    """What is printed: the reported half or the development half, and how many errors of the latter; and who judges."""

    reported: bool = False
    errors: int = 0
    judge: Judge = judge

    def half(self, pairs: Sequence[Pair]) -> list[Judged]:
        return self.judge([pair for pair in pairs if development(pair.group) != self.reported])

    def best_cut(self, pairs: Sequence[Pair]) -> float:
        """The best threshold of the development half, whichever is printed."""
        return best_threshold(self.judge([pair for pair in pairs if development(pair.group)]))

    @property
    def name(self) -> str:
        return "reported half" if self.reported else "development half"


def show_errors(judged: Sequence[Judged], options: Options) -> None:
    """Errors of the development half only, so that the other half stays unseen."""
    wrong = [p for p in judged if p.truth != p.verdict and development(p.group)]
    for pair in wrong[: options.errors]:
        print(f"    {pair.truth} → {pair.verdict} {pair.score:.2f}  {pair.claim[:200]!r}\n        {pair.why[:220]}")


def report_radfact(data: Path, options: Options) -> None:
    half = options.half(radfact_pairs(data))
    print(f"radfact_nli three-way accuracy, {options.name}:", interval(half, accuracy))
    show_errors(half, options)


def report_supported(name: str, pairs: Sequence[Pair], options: Options) -> None:
    """Supported against not: by verdict, at the score that is best on the development half, and by rank."""
    half = options.half(pairs)
    cut = options.best_cut(pairs)
    print(f"{name} balanced accuracy by verdict, {options.name}:", interval(half, balanced_by_verdict))
    for wanted, words in ((True, "supported pairs"), (False, "other pairs")):
        some = [pair for pair in half if (pair.truth == "supported") == wanted]
        print(f"{name} {words} called supported, {options.name}:", interval(some, share_supported))
    at_cut = interval(half, lambda some: balanced(some, lambda p: p.score >= cut))
    print(f"{name} balanced accuracy at score {cut:.3f} (chosen on development), {options.name}:", at_cut)
    print(f"{name} AUROC, {options.name}:", interval(half, auroc))
    show_errors(half, options)


def report_kqa(data: Path, options: Options) -> None:
    report_supported("kqa", kqa_pairs(data), options)


def report_faithbench(data: Path, options: Options) -> None:
    report_supported("faithbench", faithbench_pairs(data), options)


def report_medhallu(data: Path, options: Options) -> None:
    own, other = options.half(medhallu_pairs(data)), options.half(medhallu_pairs(data, shift=1))
    for truth, words in (("supported", "true"), ("unsupported", "invented")):
        some = [pair for pair in own if pair.truth == truth]
        print(f"medhallu {words} answers called supported, {options.name}:", interval(some, share_supported))
    print(f"medhallu AUROC, own evidence, {options.name}:", interval(own, auroc))
    print(f"medhallu AUROC, another item's evidence, {options.name}:", interval(other, auroc))
    print(f"medhallu difference of the two, {options.name}:", difference(own, other))


def difference(own: Sequence[Judged], other: Sequence[Judged]) -> str:
    """AUROC with the item's own evidence less that with another's; both drawn again with the same items."""
    places: dict[str, list[int]] = {}
    for at, pair in enumerate(own):
        places.setdefault(pair.group, []).append(at)
    parts = list(places.values())
    rng = np.random.default_rng(0)
    values = []
    for _ in range(RESAMPLES // 4):
        drawn = [at for which in rng.integers(len(parts), size=len(parts)) for at in parts[which]]
        values.append(auroc([own[at] for at in drawn]) - auroc([other[at] for at in drawn]))
    low, high = np.percentile(values, [2.5, 97.5])
    return f"{auroc(own) - auroc(other):.3f} [{low:.3f}, {high:.3f}]"


def medec_pairs(data: Path) -> list[Pair]:
    """Each sentence of a clinical text against the others of that text: is the one with the error the least supported?

    Several texts tell of one case, so a text belongs to the half of its first words.
    """
    file = data / "medec/MEDEC-MS-ValidationSet-with-GroundTruth-and-ErrorType.csv"
    pairs = []
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            said = _numbered(row["Sentences"])
            wrong = int(row["Error Sentence ID"])
            if row["Error Flag"] != "1" or len(said) < 3:
                continue
            for number, sentence in said.items():
                others = [text for other, text in said.items() if other != number]
                truth = "unsupported" if number == wrong else "supported"
                pairs.append(Pair(row["Text"][:60], truth, sentence, (" ".join(others),)))
    return pairs


def _numbered(written: str) -> dict[int, str]:
    """The sentences of a MEDEC row ("3 Her pulse is …"), one a line, by their number."""
    said: dict[int, str] = {}
    for line in written.splitlines():
        number, _, text = line.strip().partition(" ")
        if number.isdigit() and text:
            said[int(number)] = text
    return said


def report_medec(data: Path, options: Options) -> None:
    half = options.half(medec_pairs(data))
    print(f"medec sentence-level AUROC, {options.name}:", interval(half, auroc))


def report_speed(data: Path, options: Options) -> None:
    """Ten sentences against ten passages, the first time each text is met: `check`, and the whole verifier."""
    lines = (data / "medhallu/medhallu_pqa_labeled.jsonl").read_text(encoding="utf-8").split("\n")
    items = [json.loads(line) for line in lines if line]
    check("No effusion.", "The lungs are clear.")
    for name, judge_all in (("check", _check_all), ("Verifier", _verify_all)):
        times = []
        for start in range(0, 400, 10):
            passages = [" ".join(item["knowledge"])[:900] for item in items[start : start + 10]]
            claims = [item["ground_truth"] for item in items[start : start + 10]]
            for kept in (read_evidence, read_wording, read_tone, read_sentence, read_phrases):  # met by other parts
                kept.cache_clear()
            began = time.process_time()
            judge_all(claims, passages)
            times.append(time.process_time() - began)
        middle, worst = 1e3 * np.median(times), 1e3 * max(times)
        print(f"{name}, ten sentences, ten passages, uncached, CPU time: median {middle:.0f} ms, worst {worst:.0f} ms")


def _check_all(claims: list[str], passages: list[str]) -> None:
    for claim in claims:
        check(claim, passages)


def _verify_all(claims: list[str], passages: list[str]) -> None:
    """Each claim cites one passage; a third each are the patient's own, another patient's and general."""
    relations = get_args(Relation)
    given = {
        str(i): Evidence(
            str(i), str(i), "text", "SR", relations[i % 3], text, None, 1.0, True, "", study_id=f"s{relations[i % 3]}"
        )
        for i, text in enumerate(passages)
    }
    for i, claim in enumerate(claims):
        Verifier().verify(Statement(claim, (str(i),), "patient" if i % 2 else "general"), given)


def report_perturbations(data: Path, options: Options) -> None:
    from verify_perturbations import report

    report(data, options.reported, options.errors)


def report_about(data: Path, options: Options) -> None:
    from verify_about import report

    report(data, options.reported, options.errors)


PARTS = {
    "radfact": report_radfact,
    "kqa": report_kqa,
    "faithbench": report_faithbench,
    "medhallu": report_medhallu,
    "medec": report_medec,
    "perturbations": report_perturbations,
    "about": report_about,
    "speed": report_speed,
}


def parser(doc: str | None, parts: Iterable[str]) -> argparse.ArgumentParser:
    """The command line that every measurement of agreement has."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--part", choices=list(parts), help="only this part")
    made.add_argument("--reported", action="store_true", help="the half that nothing was chosen on")
    return made


def data_folder() -> Path:
    """The folder with radfact_nli, kqa, faithbench, medhallu and medec."""
    if "WARDROUND_DATA" not in os.environ:
        raise SystemExit("WARDROUND_DATA is not set: the folder with radfact_nli, kqa, faithbench, medhallu, medec …")
    return Path(os.environ["WARDROUND_DATA"])


def main() -> None:
    line = parser(__doc__, PARTS)
    line.add_argument("--errors", type=int, default=0, help="show so many errors of the development half")
    arguments = line.parse_args()
    data = data_folder()
    for name, report in PARTS.items():
        if arguments.part in (None, name):
            report(data, Options(arguments.reported, arguments.errors))


if __name__ == "__main__":
    main()
