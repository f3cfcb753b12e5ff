# ruff: noqa: E501  (patterns and tables are easier to compare on one line)
"""Pairs made at run time from real report sentences: damaged ones that must be caught, harmless ones that must pass.

Sentences come from the Open-i reports (Indiana University), which may not be redistributed in edited form: nothing
made here is stored; from the synthetic reports of radlabels; and from what is measured and written of LUDB's ECGs. Damage is
done by plain substitution (`assistant.evaluate.perturb.sentences`). Evidence is
the true sentence with up to three others of its report that share no content word with it, so that the label holds.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from verify import Judged, development, interval
from verify_ecg_pairs import claims, recordings

from assistant.evaluate.perturb.sentences import damages, paraphrases
from assistant.findings import sentences
from assistant.verify import check

PER_KIND = 120  # pairs of each kind of damage or paraphrase


@dataclass(frozen=True)
class Pair:
    report: str
    kind: str
    claim: str
    evidence: tuple[str, ...]
    harmless: bool


def reports(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Name and sentences of each report, in the order of a hash of the name."""
    found = []
    with tarfile.open(data / "iu_xray_reports/ecgen-radiology.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is None:
                continue
            texts = {a.get("Label"): a.text or "" for a in ElementTree.parse(file).getroot().iter("AbstractText")}
            said = [s for key in ("FINDINGS", "IMPRESSION") for s in sentences(texts.get(key, ""))]
            found.append((member.name, [s for s in said if "XXXX" not in s and len(s.split()) > 1]))
    yield from sorted(found, key=lambda report: hashlib.sha256(report[0].encode()).digest())


def ecg_pairs(data: Path) -> Iterator[Pair]:
    """Measured values and rhythms of LUDB's recordings, true and damaged."""
    for name, values, told, rhythm, said in recordings(data):
        evidence = (*told, f"{rhythm}.", *(f"{statement}." for statement in said))
        for harmless, kind, claim in claims(values, rhythm, said):
            yield Pair(f"ludb-{name}", kind, claim, evidence, harmless)


def synthetic_reports() -> Iterator[tuple[str, list[str]]]:
    """Name and sentences of the synthetic reports of radlabels (MIT), where RADLABELS names the unpacked package."""
    if "RADLABELS" not in os.environ:
        print("RADLABELS is not set: its reports are left out (pip install --no-deps --target DIR radlabels==0.2.0)")
        return
    folder = Path(os.environ["RADLABELS"]) / "radlabels/samples/synthetic_reports"
    for path in sorted(folder.glob("*.txt"), key=lambda path: hashlib.sha256(path.name.encode()).digest()):
        found = [" ".join(sentence.split()) for sentence in sentences(path.read_text(encoding="utf-8"))]
        yield f"radlabels-{path.stem}", [s for s in found if "___" not in s and ":" not in s and len(s.split()) > 1]


def pairs(data: Path) -> list[Pair]:
    """At most PER_KIND pairs of each kind and source of sentences, no sentence twice for one kind."""
    made = [*report_pairs(reports(data), PER_KIND), *report_pairs(synthetic_reports(), PER_KIND // 3)]
    return [*made, *ecg_pairs(data)]


def report_pairs(found: Iterable[tuple[str, list[str]]], most: int) -> Iterator[Pair]:
    """At most `most` pairs of each kind from reports, damaged and harmless."""
    count: Counter[tuple[str, bool]] = Counter()
    seen: set[tuple[str, str]] = set()
    for name, said in found:
        for sentence in said:
            words = set(re.findall(r"[a-z]{4,}", sentence.lower()))
            others = [s for s in said if s != sentence and not words & set(re.findall(r"[a-z]{4,}", s.lower()))]
            for harmless, changes in ((False, damages(sentence)), (True, paraphrases(sentence))):
                for kind, changed in changes:
                    key = (kind, changed.lower())
                    if key in seen or count[kind, harmless] >= most or len(sentence) > 200:
                        continue
                    seen.add(key)
                    count[kind, harmless] += 1
                    evidence = (sentence,) if kind == "fabrication" else (sentence, *others[:3])
                    yield Pair(name, kind, changed, evidence, harmless)


def _right_kind(expected: str, given: str | None) -> bool:
    return given == ("number" if expected == "unit" else expected)


def report(data: Path, reported: bool, errors: int) -> None:
    """Shares caught with the right kind and shares of the harmless flagged, by kind; errors of the development half."""
    rows: dict[tuple[bool, str], list[Judged]] = defaultdict(list)
    shown = 0
    for pair in pairs(data):
        judgement = check(pair.claim, list(pair.evidence))
        caught = judgement.verdict != "supported"
        right = caught and _right_kind(pair.kind, judgement.error_kind)
        good = not caught if pair.harmless else right
        truth = "caught" if caught else "passed"
        if development(pair.report) and not good and shown < errors:
            shown += 1
            print(f"    {'harmless' if pair.harmless else 'damage'} {pair.kind}: {pair.claim!r} → {judgement.verdict}"
                  f" {judgement.error_kind}\n        {pair.evidence}\n        {judgement.why[:160]}")  # fmt: skip
        if development(pair.report) == reported:
            continue
        rows[(pair.harmless, pair.kind)].append(Judged(pair.report, truth, "right" if good else "wrong", float(caught)))
    for (harmless, kind), judged in sorted(rows.items()):
        caught_share = sum(j.score for j in judged) / len(judged)
        right_share = sum(j.verdict == "right" for j in judged) / len(judged)
        label = f"harmless, {kind}: flagged {caught_share:.3f}" if harmless else (
            f"damage, {kind}: caught {caught_share:.3f}, with the right kind {right_share:.3f}")  # fmt: skip
        print(f"{label} (n={len(judged)})")
    for harmless in (False, True):
        every = [j for (h, _), judged in rows.items() if h == harmless for j in judged]
        if harmless:
            print("harmless flagged, all:", interval(every, lambda some: sum(j.score for j in some) / len(some)))
        else:
            print("damage caught, all:", interval(every, lambda some: sum(j.score for j in some) / len(some)))
            print("damage caught with the right kind, all:",
                  interval(every, lambda some: sum(j.verdict == "right" for j in some) / len(some)))  # fmt: skip
