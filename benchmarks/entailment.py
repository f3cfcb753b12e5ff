"""How well an entailment model agrees with people, on the public data of `verify.py` and in its halves.

    WARDROUND_DATA=… python benchmarks/entailment.py --model NAME [--check] [--part NAME] [--reported]

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
from verify import (
    Judged,
    Metric,
    Pair,
    accuracy,
    auroc,
    balanced,
    balanced_by_verdict,
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
from assistant.settings import Settings
from assistant.verify import check
from assistant.verify.entail import EntailmentModel, open_entailment

Judge = Callable[[Sequence[Pair]], list[Judged]]
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
        pairs = [replace(p, truth="supported" if p.truth == "supported" else "unsupported") for p in pairs]
        cut = best_threshold([pair for pair in pairs if development(pair.group)])
        self.show(
            f"{name}, balanced accuracy at {cut:.3f}", pairs, lambda some: balanced(some, lambda p: p.score >= cut)
        )
        self.show(f"{name}, AUROC", pairs, auroc)


def by_model(model: EntailmentModel) -> Judge:
    """Each pair with the model's verdict and, as score, the chance that its worst sentence is entailed."""

    def judge(pairs: Sequence[Pair]) -> list[Judged]:
        cut = [[s for s in sentences(pair.claim) if any(c.isalnum() for c in s)] or [pair.claim] for pair in pairs]
        rows = model.judge([(s, "\n".join(pair.evidence)) for pair, some in zip(pairs, cut, strict=True) for s in some])
        made, at = [], 0
        for pair, some in zip(pairs, cut, strict=True):
            worst = min(rows[at : at + len(some)], key=lambda row: row[0])
            made.append(Judged(pair.group, pair.truth, VERDICTS[int(worst.argmax())], float(worst[0]), pair.claim))
            at += len(some)
        return made

    return judge


def by_check(model: EntailmentModel | None) -> Judge:
    """Each pair as `check` judges it, which asks the model about general prose."""

    def judge(pairs: Sequence[Pair]) -> list[Judged]:
        found = [(pair, check(pair.claim, pair.evidence, entailment=model)) for pair in pairs]
        return [Judged(pair.group, pair.truth, said.verdict, said.score, pair.claim) for pair, said in found]

    return judge


def judged(pairs: Sequence[Pair], judge: Judge, halves: Halves) -> list[Judged]:
    return judge([pair for pair in pairs if halves.reported or development(pair.group)])


def report_radfact(data: Path, judge: Judge, halves: Halves) -> None:
    pairs = judged(radfact_pairs(data), judge, halves)
    halves.show("radfact, three-way accuracy", pairs, accuracy)
    halves.show_cut("radfact", pairs)


def report_kqa(data: Path, judge: Judge, halves: Halves) -> None:
    pairs = judged(kqa_pairs(data), judge, halves)
    halves.show("kqa, balanced accuracy by verdict", pairs, balanced_by_verdict)
    halves.show_cut("kqa", pairs)


def report_faithbench(data: Path, judge: Judge, halves: Halves) -> None:
    pairs = judged(faithbench_pairs(data), judge, halves)
    halves.show("faithbench, balanced accuracy by verdict", pairs, balanced_by_verdict)
    halves.show_cut("faithbench", pairs)


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


def report_speed(data: Path, model: EntailmentModel) -> None:
    """Processor time of a pair: ten sentences against ten passages of MedHallu, each pair new."""
    pairs = medhallu_pairs(data)
    times = []
    for start in range(0, 200, 20):
        claims = [sentences(p.claim)[0] for p in pairs[start : start + 10]]
        texts = [" ".join(p.evidence)[:900] for p in pairs[start : start + 20 : 2]]
        crossed = [(claim, text) for claim in claims for text in texts]
        began = time.process_time()
        model.judge(crossed)
        times.append(1e3 * (time.process_time() - began) / len(crossed))
    print(f"a sentence against a passage, CPU time: median {np.median(times):.1f} ms, worst of ten {max(times):.1f} ms")


PARTS = {
    "radfact": report_radfact,
    "kqa": report_kqa,
    "faithbench": report_faithbench,
    "medhallu": report_medhallu,
    "medec": report_medec,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="auto", help="as the setting verify.entailment")
    parser.add_argument("--check", action="store_true", help="`check` with the model, not the model alone")
    parser.add_argument("--part", choices=[*PARTS, "speed"], help="only this part")
    parser.add_argument("--reported", action="store_true", help="print the other half too")
    arguments = parser.parse_args()
    if "WARDROUND_DATA" not in os.environ:
        raise SystemExit("WARDROUND_DATA is not set: the folder with radfact_nli, kqa, faithbench, medhallu …")
    data = Path(os.environ["WARDROUND_DATA"])
    model = open_entailment(arguments.model, Settings())
    if model is None and not arguments.check:
        raise SystemExit(f"{arguments.model}: no entailment model")
    print(f"{'check, ' if arguments.check else ''}{model.name if model else 'the rules alone'}")
    judge = by_model(model) if model is not None and not arguments.check else by_check(model)
    for name, report in PARTS.items():
        if arguments.part in (None, name):
            report(data, judge, Halves(arguments.reported))
    if model is not None and arguments.part in (None, "speed"):
        report_speed(data, model)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
