"""Writes the word lists of assistant/ingest/deid/data from their sources; run by hand, when a source changes.

    WARDROUND_DATA=… python benchmarks/deid_word_lists.py NAMES FAKER

NAMES: the unpacked package `names` 0.3.0 (MIT; the given names and surnames of the US census of 1990, public domain).
FAKER: the unpacked package `Faker` (MIT), whose lists add names of other countries. `words.txt` holds words that are
written in lower case in ICD-10-CM (`simple_icd_10_cm`), MedQuAD, BioASQ's abstracts, MedMCQA, PubMedQA, FaithBench and
the development half of Open-i: thrice, or once if they are in BERT's vocabulary and no names; `eponyms.txt` holds
names after which medicine calls something.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import simple_icd_10_cm

from assistant.ingest.deid.lexicon import EPONYM_NOUNS, folded
from benchmarks.deid_text import is_development

DATA = Path("assistant/ingest/deid/data")
SURNAMES = 12_000  # of the census's 88,799: all that at least 1 of 125,000 bears
LEAST = 3  # times that a word stands in lower case


def main() -> None:
    names, faker = Path(sys.argv[1]), Path(sys.argv[2])
    given = set(_census(names / "names/dist.female.first")) | set(_census(names / "names/dist.male.first"))
    surnames = set(_census(names / "names/dist.all.last")[:SURNAMES])
    for module in sorted(faker.glob("faker/providers/person/*/__init__.py")):
        for variable, word in _strings(module):
            (given if "first" in variable else surnames).update([word])
    lower = re.compile(r"(?<![\w'’-])[a-zà-ÿ]{2,}(?![\w'’])")
    clinical = Counter(word for text in _clinical_texts() for word in lower.findall(text))
    words = {folded(word) for word, count in clinical.items() if count >= LEAST}
    bert = Path("assistant/embed/data/bert_uncased_vocab.txt").read_text("utf-8").split()
    words |= {word for word in bert if re.fullmatch(r"[a-z]{2,}", word) and word in clinical} - given - surnames
    DATA.mkdir(exist_ok=True)
    lists = {"given_names": given, "surnames": surnames, "words": words, "eponyms": _eponyms() - words}
    for name, entries in lists.items():
        (DATA / f"{name}.txt").write_text("\n".join(sorted(entries)) + "\n", "utf-8")
        print(name, len(entries))


def _census(path: Path) -> list[str]:
    return [line.split()[0].lower() for line in path.read_text("ascii").splitlines() if len(line.split()[0]) > 1]


def _strings(module: Path) -> Iterator[tuple[str, str]]:
    """Names in the Latin script, with the variable that lists them."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        variable = node.targets[0].id
        if re.fullmatch(r"(first|last)_names?(_\w+)?", variable) and "romanized" not in variable:
            for leaf in ast.walk(node.value):
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
                    for word in re.split(r"[ -]", leaf.value):
                        if len(word) > 2 and word[0].isupper() and re.fullmatch(r"[a-z]{3,}", folded(word)):
                            yield variable, folded(word)


def _eponyms() -> set[str]:
    """Words in capitals within ICD-10-CM's descriptions, and those before "syndrome",
    "sign" … in MedQuAD and BioASQ."""
    found: Counter[str] = Counter()
    for code in simple_icd_10_cm.get_all_codes():
        for word in set(re.findall(r"(?<=[a-z\]\[(-] )[A-Z][a-zà-ÿ]{2,}", simple_icd_10_cm.get_description(code))):
            found[folded(word)] += LEAST
    pattern = re.compile(rf"\b((?:[A-Z][a-zà-ÿ]{{2,}}(?:['’]s)?[ -]){{1,3}})(?:{EPONYM_NOUNS})s?\b")
    for text in _clinical_texts():
        for match in pattern.finditer(text):
            found.update({folded(word) for word in re.findall(r"[A-Z][a-zà-ÿ]{2,}", match[1])})
    return {word for word, count in found.items() if count >= LEAST}


def _clinical_texts() -> Iterator[str]:
    for code in simple_icd_10_cm.get_all_codes():
        yield " ".join(simple_icd_10_cm.get_description(code).split()[1:])
    root = Path(os.environ["WARDROUND_DATA"])
    for line in (root / "medquad/medquad.jsonl").open(encoding="utf-8"):
        yield json.loads(line)["answer"]
    for line in (root / "bioasq_retrieval/corpus.jsonl").open(encoding="utf-8"):
        yield json.loads(line)["text"]
    more = ["medical_mcq/medmcqa_dev.jsonl", "pubmedqa/pqal.json", "medhallu/medhallu_pqa_labeled.jsonl"]
    for path in [*more, *(f"faithbench/batch_{number}.json" for number in range(1, 5))]:
        yield (root / path).read_text("utf-8").replace("\\n", " ")
    with tarfile.open(root / "iu_xray_reports/ecgen-radiology.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if is_development(Path(member.name).name) else None
            if file is not None and member.name.endswith(".xml"):
                yield " ".join(a.text or "" for a in ElementTree.parse(file).getroot().iter("AbstractText"))


if __name__ == "__main__":
    main()
