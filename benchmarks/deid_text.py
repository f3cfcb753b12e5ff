"""How many planted identifiers are removed from reports, what is removed wrongly, and how fast.

    WARDROUND_DATA=… python benchmarks/deid_text.py [--half development] [--show]

The folder of WARDROUND_DATA holds iu_xray_reports (Open-i), mts_dialog, medec and kqa. Reports are halved by a hash of
their file names. On the development half, with the names and sentences of `deid_development.py`, rules were made; what
is reported are the held-out half and `deid_heldout.py`, whose names, formats and sentences are others. `--show` lists
misses and false alarms.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
import sys
import tarfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from assistant.findings import extract_findings
from assistant.ingest.deid.lexicon import eponyms, given_names, surnames, words
from assistant.ingest.deid.text import Span, find, replace
from benchmarks import deid_development, deid_heldout, deid_heldout_second

EACH = 60  # planted of each kind
SEED = 20261126


def is_development(name: str) -> bool:
    """Whether a report (by its file's name, or its text) is of the half on which the rules were made."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def openi(development: bool) -> list[str]:
    """Reports of one half, as the reader of Open-i writes them: a paragraph a section, after its name."""
    found = []
    path = Path(os.environ["WARDROUND_DATA"]) / "iu_xray_reports/ecgen-radiology.tar.gz"
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is None or is_development(Path(member.name).name) != development:
                continue
            sections = [
                f"{section.get('Label') or 'REPORT'}: {section.text}"
                for section in ElementTree.parse(file).getroot().iter("AbstractText")
                if section.text
            ]
            if sections:
                found.append("\n\n".join(sections))
    return found


def others(development: bool) -> dict[str, list[str]]:
    """Clinical texts without identifiers of other collections, of one half: notes, vignettes, answers to patients."""
    root = Path(os.environ["WARDROUND_DATA"])
    with (root / "mts_dialog/MTS-Dialog-TrainingSet.csv").open(encoding="utf-8", newline="") as file:
        notes = [row["section_text"] for row in csv.DictReader(file)]
    medec = root / "medec/MEDEC-MS-ValidationSet-with-GroundTruth-and-ErrorType.csv"
    with medec.open(encoding="utf-8", newline="") as file:
        vignettes = [row["Text"] for row in csv.DictReader(file) if row.get("Text")]
    lines = (root / "kqa/questions_w_answers.jsonl").read_text("utf-8").splitlines()
    answers = [json.loads(line)["Free_form_answer"] for line in lines]
    found = {"mts_dialog notes": notes, "medec vignettes": vignettes, "kqa answers": answers}
    return {name: [t for t in texts if is_development(t) == development] for name, texts in found.items()}


def planted(values: dict[str, list[str]], templates: dict[str, list[tuple[str, str]]], reports: list[str]
            ) -> list[tuple[str, str, int, int]]:  # fmt: skip
    """(kind, text, start, end): a sentence with an identifier from `start` to `end`, put between two sentences of a
    report, `EACH` times a kind with no pair of sentence and identifier twice. The same for the same arguments."""
    chance = random.Random(SEED)
    cases = []
    for kind, entries in values.items():
        pairs = [(template, value) for template in templates[kind] for value in entries]
        for (template, style), value in chance.sample(pairs, min(EACH, len(pairs))):
            written = styled(value, style)
            sentence = template.replace("{}", written)
            report = chance.choice(reports)
            stops = [0, *(i + 2 for i in range(len(report) - 2) if report[i : i + 2] == ". "), len(report)]
            at = chance.choice(stops)
            before, after = chance.choice([("", " "), ("\n", "\n")])
            before = " " if before == "" and at == len(report) else before
            start = at + len(before) + template.index("{}")
            text = report[:at] + before + sentence + after + report[at:]
            assert text[start : start + len(written)] == written
            cases.append((kind, text, start, start + len(written)))
    return cases


def made_up_names(count: int) -> list[str]:
    """Names of syllables, of which no part stands in a list: what rules and model find without the lists."""
    chance = random.Random(SEED)
    known = given_names() | surnames() | words() | eponyms()
    found: list[str] = []
    while len(found) < count:
        parts = ["".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(n)) for n in (2, 3)]
        parts[1] += chance.choice(["n", "r", "s", "k", ""])
        if not known & set(parts):
            found.append(" ".join(part.capitalize() for part in parts))
    return found


def styled(value: str, style: str) -> str:
    """A value in small letters, in capitals, as LAST^FIRST, as "Last, First", or as it is."""
    if style == "lower":
        return value.lower()
    if style == "upper":
        return value.upper()
    first, _, last = value.rpartition(" ")
    if style == "caret":
        return f"{last}^{first}".upper()
    return f"{last}, {first}" if style == "comma" and first else value


def left_over(text: str, spans: tuple[Span, ...], kind: str, start: int, end: int) -> str:
    """Letters and digits of the identifier that no span covers; of ids the words that name them ("MRN") may stay, of
    ages all but the number."""
    free = [i for i in range(start, end) if not any(s.start <= i < s.end for s in spans) and text[i].isalnum()]
    words = "".join(text[i] if i in free else " " for i in range(start, end)).split()
    if kind in ("id", "age"):
        words = [word for word in words if any(c.isdigit() for c in word)]
    if kind == "date":  # a time of day or the day of the week tells no date
        words = [word for word in words if not word.isdigit() or len(word) != 6]
    if kind in ("phone", "ip"):
        words = [word for word in words if word not in ("ext", "x")]
    if kind == "ip":  # a port
        words = [word for word in words if not (word.isdigit() and len(word) == 4)]
    if kind == "address":
        words = [word for word in words if word.lower() not in ("zip", "code")]
    if kind == "name":
        words = [word for word in words if len(word) > 1 and word.lower() not in ("iii", "jr", "van", "al")]
    return " ".join(words)


def recall(cases: list[tuple[str, str, int, int]], show: bool) -> None:
    total: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    misnamed: Counter[str] = Counter()
    for kind, text, start, end in cases:
        spans = find(text)
        left = left_over(text, spans, kind, start, end)
        total[kind] += 1
        missed[kind] += bool(left)
        named = {s.kind for s in spans if s.start < end and start < s.end}
        misnamed[f"{kind} as {'+'.join(sorted(named))}"] += not left and kind not in named
        if left and show:
            context = text[max(0, start - 40) : end + 25].replace("\n", "⏎")
            print(f"  missed {kind}: {text[start:end]!r}, left {left!r} | {context}")
    for kind, count in total.items():
        print(f"  {kind:8s} {count - missed[kind]:3d} of {count:3d}  {(count - missed[kind]) / count:.1%}")
    n, m = total.total(), missed.total()
    print(f"  all      {n - m:3d} of {n:3d}  {(n - m) / n:.1%}")
    print("  removed as another kind:", {name: count for name, count in misnamed.items() if count})


def harm(name: str, texts: list[str], show: bool) -> None:
    kinds: Counter[str] = Counter()
    what: Counter[str] = Counter()
    words = changed = 0
    began = time.process_time()
    found = [find(text) for text in texts]
    seconds = time.process_time() - began
    for text, spans in zip(texts, found, strict=True):
        words += len(text.split())
        kinds.update(span.kind for span in spans)
        what.update(f"{span.kind}: {text[span.start : span.end]}" for span in spans)
        if spans:
            changed += as_said(text) != as_said(replace(text, spans, None).text)
    print(f"{name}: {len(texts)} texts, {words} words, {sum(kinds.values())} removed "
          f"({1000 * kinds.total() / words:.2f} in 1,000 words): {dict(kinds)}")  # fmt: skip
    same = 1 - changed / len(texts)
    print(f"  findings the same before and after in {same:.2%}; {len(texts) / seconds:.0f} texts a second of one core")
    print("  commonest:", "; ".join(f"{entry!r} {count}" for entry, count in what.most_common(200 if show else 15)))


def as_said(text: str) -> list[tuple[object, ...]]:
    """The findings of a text without their places."""
    return [(f.entity, f.status, f.side, f.severity, f.location, f.value, f.unit) for f in extract_findings(text)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=["development", "held-out"], default="held-out")
    parser.add_argument("--show", action="store_true", help="list misses and false alarms")
    parser.add_argument("--recall-only", action="store_true")
    arguments = parser.parse_args()
    if "WARDROUND_DATA" not in os.environ:
        raise SystemExit("WARDROUND_DATA is not set: the folder with iu_xray_reports, mts_dialog, medec and kqa")
    development = arguments.half == "development"
    reports = openi(development)
    find("Dr. Amy Stone saw Hiroshi in clinic.")  # loads word lists and model
    for source in [deid_development] if development else [deid_heldout, deid_heldout_second]:
        print(f"Planted, {source.__name__}:")
        recall(planted(source.VALUES, source.TEMPLATES, reports), arguments.show or not development)
        names = {"name": made_up_names(60)}
        print(f"Planted, names that no list has, sentences of {source.__name__}:")
        recall(planted(names, source.TEMPLATES, reports), arguments.show)
    if arguments.recall_only:
        return
    harm(f"Open-i, {arguments.half} half", reports, arguments.show)
    for name, texts in others(development).items():
        harm(name, texts, arguments.show)


if __name__ == "__main__":
    main()
