"""How far judges agree with people: measures them on labelled sets, and writes the figures that scorecards print.

    WARDROUND_DATA=… python benchmarks/judge_agreement.py [--judge verifier] [--set NAME] [--half reported] [--write]
        [--file FILE] [--most N] [--serve small|measuring --model-dir DIR]

The judge's rules were chosen on the development halves (split by question, passage or dialogue through a hash, as in
benchmarks/verify.py), so the figures are those of the reported halves. `--write` keeps them in the package (or in FILE:
a workspace's `eval/agreement.json`, for judges of its own), beside those of other judges: counts and rates only, no
text of any set. `--most` takes so many claims of a set, whole groups, always the same ones: for slow judges. `--serve`
puts a local model behind the judge "served": the packaged small one, or that of benchmarks/measuring_model.py.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import assistant.evaluate.judge as room
from assistant.evaluate.case import Case
from assistant.evaluate.judge import Judge, open_judge
from assistant.evaluate.judge.agreement import (
    FILE,
    Agreement,
    Measured,
    Reading,
    measure_agreement,
    read_measured,
    write_measured,
)
from assistant.evaluate.judge.labels import LABELS
from assistant.evaluate.judge.wording import quoted
from assistant.evaluate.mapping import Sample, find_data, find_mapping, map_cases, sample_cases
from assistant.evaluate.mapping.choose import half_of
from assistant.generate.local import LocalServer
from assistant.settings import LlmSettings, Settings
from assistant.weights import locate

FOLDERS = {name: name for name in LABELS} | {"radfact": "radfact_nli"}
MOST = {"mts_dialog": 1_000}  # claims; two for each sentence, and two thousand groups say no more than two hundred
PACKAGED = Path(room.__file__).with_name(FILE)


def labelled(name: str, half: str, most: int | None) -> list[Case]:
    """The claims of a set that people judged, of one half."""
    mapping = find_mapping(name, Path.cwd())
    cases = map_cases(mapping, find_data(FOLDERS[name], mapping, Path.cwd() / "x"), LABELS[name].kinds)
    return list(sample_cases(half_of(cases, half), Sample(n=most) if most else None))  # type: ignore[arg-type]


def served(which: str, folder: Path) -> Settings:
    """Settings that name a local model's server; it ends with this process."""
    from measuring_model import measuring_model

    gguf = measuring_model(folder) if which == "measuring" else locate("smollm2-135m")
    server = LocalServer(gguf, name=which, context_tokens=4096)
    llm = LlmSettings(base_url=server.base_url, api_key=server.api_key, model=which, timeout_s=900)
    return Settings(llm=llm)


def measure(judge: Judge, cases: list[Case]) -> Agreement:
    readings = []
    for case in cases:
        found = judge.entails(case.context, case.claim)
        supported, told = case.reference.verdict == "supported", found.verdict == "supported"
        stands = told and quoted(case.claim, tuple(case.context))
        readings.append(Reading(str(case.group), supported, told, found.score, stands))
    return measure_agreement(readings)


def show(name: str, agreement: Agreement) -> None:
    print(f"{name}: {agreement.claims} claims, {agreement.quoted} quoted word for word")
    for figure in ("sensitivity", "specificity", "balanced_accuracy", "auroc", "kappa"):
        of = getattr(agreement, figure)
        print(f"    {figure} {of.value:.3f} [{of.low:.3f}, {of.high:.3f}], n = {of.n}, groups = {of.clusters}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", default="verifier", help="as a suite's option judge")
    parser.add_argument("--set", choices=LABELS, action="append", help="only this one; several times")
    parser.add_argument("--half", choices=("reported", "development"), default="reported")
    parser.add_argument("--most", type=int)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--file", type=Path, default=PACKAGED)
    parser.add_argument("--serve", choices=("small", "measuring"))
    parser.add_argument("--model-dir", type=Path, default=Path.home() / ".cache/wardround-bench/measuring-model")
    chosen = parser.parse_args()
    if "WARDROUND_DATA" not in os.environ:
        raise SystemExit(f"WARDROUND_DATA is not set: the folder with {', '.join(FOLDERS.values())}")
    if chosen.write and chosen.half != "reported":
        raise SystemExit("only figures of the reported half are kept: the judge was chosen on the other")
    judge = open_judge(chosen.judge, served(chosen.serve, chosen.model_dir) if chosen.serve else Settings())
    sets = {}
    for name in chosen.set or LABELS:
        started = time.perf_counter()
        sets[name] = measure(judge, labelled(name, chosen.half, chosen.most or MOST.get(name)))
        show(f"{judge.name}, {name}, {chosen.half} half, {time.perf_counter() - started:.0f} s", sets[name])
        sys.stdout.flush()
    if chosen.write:
        known = read_measured(chosen.file.read_text(encoding="utf-8")) if chosen.file.is_file() else {}
        today = datetime.now(UTC).date().isoformat()
        known[judge.name] = Measured(judge.name, judge.version, today, chosen.half, sets)
        chosen.file.parent.mkdir(parents=True, exist_ok=True)
        chosen.file.write_text(write_measured(known), encoding="utf-8")
        print(f"written: {chosen.file}")


if __name__ == "__main__":
    main()
