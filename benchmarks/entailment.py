"""How well an entailment model agrees with people, on the public data of `verify.py` and in its halves.

    WARDROUND_DATA=… python benchmarks/entailment.py --model NAME [--check] [--part NAME] [--reported]

A claim of several sentences is judged sentence by sentence and scores as its worst. What is printed is what `verify.py`
prints of the rules: without `--reported` nothing of the half that nothing was chosen on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from verify import PARTS as ALL
from verify import Judge, Judged, Options, Pair, data_folder, medhallu_pairs, parser
from verify_prose import judged_sentences

from assistant.findings.sentences import sentences
from assistant.settings import Settings
from assistant.verify import check
from assistant.verify.entail import EntailmentModel, open_entailment

VERDICTS = ("supported", "unsupported", "contradicted")
PARTS = {name: ALL[name] for name in ("radfact", "kqa", "faithbench", "medhallu", "medec")}


def by_model(model: EntailmentModel) -> Judge:
    """Each pair with the model's verdict and, as score, the chance that its worst sentence is entailed."""

    def judge(pairs: Sequence[Pair]) -> list[Judged]:
        cut = [judged_sentences(pair.claim) or [pair.claim] for pair in pairs]
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


def main() -> None:
    line = parser(__doc__, [*PARTS, "speed"])
    line.add_argument("--model", default="auto", help="as the setting verify.entailment")
    line.add_argument("--check", action="store_true", help="`check` with the model, not the model alone")
    arguments = line.parse_args()
    data = data_folder()
    model = open_entailment(arguments.model, Settings())
    if model is None and not arguments.check:
        raise SystemExit(f"{arguments.model}: no entailment model")
    print(f"{'check, ' if arguments.check else ''}{model.name if model else 'the rules alone'}")
    judge = by_model(model) if model is not None and not arguments.check else by_check(model)
    for name, report in PARTS.items():
        if arguments.part in (None, name):
            report(data, Options(arguments.reported, judge=judge))
    if model is not None and arguments.part in (None, "speed"):
        report_speed(data, model)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
