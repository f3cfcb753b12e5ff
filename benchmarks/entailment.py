"""How well an entailment model agrees with people, on the public data of `verify.py` and in its halves.

    WARDROUND_DATA=… python benchmarks/entailment.py [--model NAME] [--part NAME] [--reported]

A claim of several sentences is judged sentence by sentence and scores as its worst. The cut at which a claim counts as
supported is chosen on the development half; without `--reported` nothing of the other one is printed. Intervals are
95 %, by bootstrap over whole questions, passages or reports. MedHallu's wording gives its answers away, so the same
claims are judged against another item's evidence too, and only the difference says anything.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from verify import (
    Judged,
    Metric,
    Pair,
    accuracy,
    auroc,
    balanced,
    best_threshold,
    development,
    faithbench_pairs,
    interval,
    kqa_pairs,
    medec_pairs,
    medhallu_pairs,
    radfact_pairs,
)

from assistant.findings.sentences import sentences

Judge = Callable[[Sequence[tuple[str, str]]], NDArray[np.float32]]
VERDICTS = ("supported", "unsupported", "contradicted")


@dataclass(frozen=True)
class Halves:
    """What is printed: figures of the development half, and of the other one once the work is done."""

    reported: bool

    def show(self, name: str, pairs: Sequence[Judged], metric: Metric) -> None:
        for half in ("development", "reported") if self.reported else ("development",):
            some = [pair for pair in pairs if development(pair.group) == (half == "development")]
            print(f"{name}, {half} half:", interval(some, metric), flush=True)

    def show_cut(self, name: str, pairs: Sequence[Judged]) -> None:
        cut = best_threshold([pair for pair in pairs if development(pair.group)])
        self.show(
            f"{name}, balanced accuracy at {cut:.3f}", pairs, lambda some: balanced(some, lambda p: p.score >= cut)
        )
        self.show(f"{name}, AUROC", pairs, auroc)


def judged(pairs: Sequence[Pair], judge: Judge, halves: Halves) -> list[Judged]:
    """Each pair with the model's verdict and, as score, the chance that its worst sentence is entailed."""
    pairs = [pair for pair in pairs if halves.reported or development(pair.group)]
    cut = [[s for s in sentences(pair.claim) if any(c.isalnum() for c in s)] or [pair.claim] for pair in pairs]
    rows = judge([(s, " ".join(pair.evidence)) for pair, some in zip(pairs, cut, strict=True) for s in some])
    made, at = [], 0
    for pair, some in zip(pairs, cut, strict=True):
        worst = min(rows[at : at + len(some)], key=lambda row: row[0])
        made.append(Judged(pair.group, pair.truth, VERDICTS[int(worst.argmax())], float(worst[0]), pair.claim))
        at += len(some)
    return made


def report_radfact(data: Path, judge: Judge, halves: Halves) -> None:
    pairs = judged(radfact_pairs(data), judge, halves)
    halves.show("radfact, three-way accuracy", pairs, accuracy)
    halves.show_cut("radfact", pairs)


def report_kqa(data: Path, judge: Judge, halves: Halves) -> None:
    halves.show_cut("kqa", judged(kqa_pairs(data), judge, halves))


def report_faithbench(data: Path, judge: Judge, halves: Halves) -> None:
    halves.show_cut("faithbench", judged(faithbench_pairs(data), judge, halves))


def report_medhallu(data: Path, judge: Judge, halves: Halves) -> None:
    own = judged(medhallu_pairs(data), judge, halves)
    other = judged(medhallu_pairs(data, shift=1), judge, halves)
    halves.show("medhallu, own evidence, AUROC", own, auroc)
    halves.show("medhallu, another item's evidence, AUROC", other, auroc)
    both = [replace(o, why=str(p.score)) for o, p in zip(own, other, strict=True)]

    def gain(some: Sequence[Judged]) -> float:
        return auroc(some) - auroc([replace(p, score=float(p.why)) for p in some])

    halves.show("medhallu, AUROC gained by the evidence", both, gain)


def report_medec(data: Path, judge: Judge, halves: Halves) -> None:
    halves.show("medec, sentence-level AUROC", judged(medec_pairs(data), judge, halves), auroc)


def report_speed(data: Path, judge: Judge, halves: Halves) -> None:
    """Processor time of a pair: ten sentences against ten passages of MedHallu, each pair new."""
    pairs = medhallu_pairs(data)
    times, count = [], 0
    for start in range(0, 200, 10):
        claims = [sentences(p.claim)[0] for p in pairs[start : start + 10]]
        texts = [" ".join(p.evidence)[:900] for p in pairs[start : start + 20 : 2]]
        crossed = [(claim, text) for claim in claims for text in texts]
        began = time.process_time()
        judge(crossed)
        times.append(time.process_time() - began)
        count = len(crossed)
    print(f"ten sentences by ten passages, CPU time: median {1e3 * np.median(times):.0f} ms, "
          f"{1e3 * np.median(times) / count:.2f} ms a pair")  # fmt: skip


PARTS = {
    "radfact": report_radfact,
    "kqa": report_kqa,
    "faithbench": report_faithbench,
    "medhallu": report_medhallu,
    "medec": report_medec,
    "speed": report_speed,
}


def main() -> None:
    from assistant.settings import Settings
    from assistant.verify.entail import open_entailment

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="auto", help="as the setting verify.entailment")
    parser.add_argument("--part", choices=PARTS, help="only this part")
    parser.add_argument("--reported", action="store_true", help="print the other half too")
    arguments = parser.parse_args()
    if "WARDROUND_DATA" not in os.environ:
        raise SystemExit("WARDROUND_DATA is not set: the folder with radfact_nli, kqa, faithbench, medhallu …")
    model = open_entailment(arguments.model, Settings())
    if model is None:
        raise SystemExit(f"{arguments.model}: no entailment model")
    print(f"{model.name} ({model.fingerprint})")
    for name, report in PARTS.items():
        if arguments.part in (None, name):
            report(Path(os.environ["WARDROUND_DATA"]), model.judge, Halves(arguments.reported))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
