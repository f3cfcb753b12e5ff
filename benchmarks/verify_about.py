"""Whom a sentence is about: general prose quoted from articles must stay general, a report's finding never may.

Sentences of general sources (MedQuAD answers, BioASQ abstracts) are quoted word for word as the quoting answerer does;
finding sentences of other patients' reports (Open-i) are put as a model would, citing an article or a similar study in
which they stand word for word, and must not be accepted as said of the patient or in general.

Of the wording alone (`is_bare_finding`): first sentences of articles that name a finding and are taken for one of
somebody, which costs a right quotation; and sentences of reports (Open-i) and visit notes (MTS-Dialog) that name a
finding and are taken for general prose, which would let an article carry a claim about the patient.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from itertools import compress
from pathlib import Path
from typing import get_args

import numpy as np
from verify import development
from verify_perturbations import reports

from assistant.findings.mentions import read_sentence
from assistant.findings.sentences import sentences
from assistant.generate.sentences import quotable
from assistant.records import About, Claim, Evidence, Relation, Statement
from assistant.verify import Verifier
from assistant.verify.general import is_bare_finding

SENTENCES = 300  # of each sort; one of each document or report
LONGEST_PASSAGE = 1_500  # characters
# What else was given to the writer: a study of the patient's own and one like it.
OTHERS = ("The heart is normal in size. The lungs are clear.", "Mild cardiomegaly. No pleural effusion.")


def _order(name: str) -> bytes:
    return hashlib.sha256(f"about {name}".encode()).digest()


def quotations(data: Path, reported: bool) -> Iterator[tuple[str, str]]:
    """(sentence, passage in which it stands): half from MedQuAD, half from BioASQ."""
    for file, name, text in (("medquad/medquad", "id", "answer"), ("bioasq_retrieval/corpus", "_id", "text")):
        with (data / f"{file}.jsonl").open(encoding="utf-8") as lines:
            documents = [json.loads(line) for line in lines]
        documents.sort(key=lambda document: _order(document[name]))
        taken = 0
        for document in documents:
            passage = document[text][:LONGEST_PASSAGE]
            found = [sentence for _, sentence in quotable(passage)]
            if found and development(str(document[name])) != reported and taken < SENTENCES // 2:
                taken += 1
                yield found[_order(passage)[0] % len(found)], passage


def findings(data: Path, reported: bool) -> Iterator[tuple[str, str]]:
    """(finding sentence, the report in which it stands), from the end of the order in which rules were written."""
    seen: set[str] = set()
    for report_name, said in reversed(list(reports(data))):
        fresh = [s for s in said if s not in seen and read_sentence(s).mentions]
        if fresh and development(report_name) != reported and len(seen) < SENTENCES:
            sentence = fresh[_order(fresh[0])[0] % len(fresh)]
            seen.add(sentence)
            yield sentence, " ".join(said)


def first_sentences(data: Path, reported: bool) -> dict[str, list[str]]:
    """Of each general source the first sentence of each document, where it names a finding."""
    files = (("MedQuAD", "medquad/medquad", "id", "answer"), ("BioASQ", "bioasq_retrieval/corpus", "_id", "text"))
    found: dict[str, list[str]] = {}
    for source, file, name, text in files:
        with (data / f"{file}.jsonl").open(encoding="utf-8") as lines:
            documents = [json.loads(line) for line in lines]
        said = (
            [sentence for _, sentence in quotable(document[text][:LONGEST_PASSAGE])][:1]
            for document in documents
            if development(str(document[name])) != reported
        )
        found[source] = list(dict.fromkeys(s for first in said for s in first if read_sentence(s[:600]).mentions))
    return found


def report_sentences(data: Path, reported: bool) -> dict[str, list[str]]:
    """Of radiology reports and visit notes the sentences that name a finding, each once."""
    openi = [s for name, said in reports(data) if development(name) != reported for s in said]
    with (data / "mts_dialog/MTS-Dialog-TrainingSet.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if development(row["ID"]) != reported]
    notes = [s for row in rows for s in sentences(row["section_text"])]
    named = (("Open-i", openi), ("MTS-Dialog", notes))
    return {source: [s for s in dict.fromkeys(said) if read_sentence(s[:600]).mentions] for source, said in named}


def report_wording(data: Path, reported: bool, errors: int) -> None:
    """How often the wording alone is read wrongly, either way."""
    for source, said in first_sentences(data, reported).items():
        bare = [is_bare_finding(sentence) for sentence in said]
        print(f"first sentences of {source} taken for findings of somebody:", _share(bare))
        for sentence in list(compress(said, bare))[:errors]:
            print(f"    {sentence[:160]!r}")
    for source, said in report_sentences(data, reported).items():
        general = [not is_bare_finding(sentence) for sentence in said]
        print(f"sentences of {source} taken for general:", _share(general))
        for sentence in list(compress(said, general))[:errors]:
            print(f"    {sentence[:160]!r}")


def verify(sentence: str, passage: str, relation: Relation, declared: About) -> list[Claim]:
    """The claims of a sentence that cites the passage, with other evidence beside it."""
    own, similar = OTHERS
    given = {
        name: Evidence(name, f"r{name}", "text", "SR", kind, text, None, 1.0, True, "", study_id=f"s{name}")
        for name, kind, text in (("cited", relation, passage), ("own", "own", own), ("like", "similar", similar))
    }
    return Verifier().verify(Statement(sentence, ("cited",), declared), given)


def report(data: Path, reported: bool, errors: int) -> None:
    """The shares of one half of the documents and reports; errors of the development half only."""
    errors = 0 if reported else errors
    report_wording(data, reported, errors)
    good = []
    for sentence, passage in quotations(data, reported):
        claims = verify(sentence, passage, "knowledge", "general")
        good.append(all(c.verdict == "supported" and c.about == "general" for c in claims))
        if not good[-1] and len(good) - sum(good) <= errors:
            print(f"    lost: {sentence[:160]!r}\n        {claims[0].about}: {claims[0].why[:160]}")
    print("general sentences quoted from articles, supported:", _share(good))
    stated = list(findings(data, reported))
    relations: tuple[Relation, ...] = ("knowledge", "similar")
    for relation in relations:
        refused = []
        for sentence, passage in stated:
            claims = [c for told in get_args(About) for c in verify(sentence, passage, relation, told)]
            passed = [c for c in claims if c.verdict == "supported" and c.about != "similar"]
            # "No effusion" is also said by the patient's own report above: that is what the claim then cites
            refused.append(not any("own" not in c.citations for c in passed))
            if passed and not refused[-1] and len(refused) - sum(refused) <= errors:
                print(f"    passed as {passed[0].about}: {passed[0].text[:160]!r} ← {sentence[:160]!r}")
        print(f"report findings citing {relation} evidence, not accepted:", _share(refused))


def _share(right: list[bool]) -> str:
    rng = np.random.default_rng(0)
    drawn = rng.choice(right, size=(1_000, len(right))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{np.mean(right):.3f} [{low:.3f}, {high:.3f}] (n={len(right)})"
