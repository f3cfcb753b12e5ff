"""Text retrieval on four public sets: how good the ranking is, and what its numbers were chosen on.

    WARDROUND_DATA=… python benchmarks/retrieval_text.py [--vectors FOLDER] [--rerank NAME] [--langchain]
    WARDROUND_DATA=… python benchmarks/retrieval_text.py --names
    WARDROUND_DATA=… python benchmarks/retrieval_text.py --fit [--without SET]

The first prints the tables; the second says what expansion brings to questions that name a thing by an abbreviation,
in British spelling or by its other name (names.jsonl, written for this); the third chooses the numbers of
assistant/retrieve/fusion.toml and writes them.

- BioASQ (Tsatsaronis et al. 2015, tasks 7b to 9b, as in MIRAGE): 1,490 questions, 7,754 snippets of abstracts.
- MedQuAD (Ben Abacha and Demner-Fushman 2019): 5,588 questions, each to find its own answer, by the answer's text.
- LiveQA-Med (TREC 2017) with graded answers: the 22 questions that have an answer of grade 2 or 3, over 446 answers.
- Open-i (Demner-Fushman et al. 2016): a report's IMPRESSION is to find its own FINDINGS among 2,550.

Everything is chosen on the development half and reported on the other: questions by parity of their number, MedQuAD's
by parity of their document, so that the questions of one page are never in both. Passages are cut as `wardround index`
cuts them, ranked by the same functions as a search (`gather`, `fuse`, `by_document`), and a document counts by its best
passage. nDCG@10 has the gain 2^grade − 1; intervals are 95 % bootstraps over questions.

Vectors are encoded once (about a quarter of an hour) and kept in --vectors.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from assistant.embed import open_encoder
from assistant.ingest.text.plain import text_record
from assistant.retrieve import fuse as fusing
from assistant.retrieve.expand import expand, for_meaning
from assistant.retrieve.fuse import Feature, Fusion, features, fuse, fusion
from assistant.retrieve.gather import Gathered, Source, gather
from assistant.retrieve.rank import by_document
from assistant.retrieve.rerank import open_reranker
from assistant.settings import EmbedSettings, IngestSettings, RetrieveSettings
from assistant.store.vectors.faiss_index import FaissIndex
from assistant.store.words import WordIndex, query_terms

SETTINGS = RetrieveSettings()
FIXED = (0.0, 0.02, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.5)
COUNTS = {"BioASQ": 1.0, "MedQuAD": 1.0, "Open-i": 0.5, "LiveQA": 0.1}  # how much a set's development mean counts
Ranking = list[int]  # numbers of documents, best first


# --- the sets -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Benchmark:
    """Questions with their vectors and graded documents, over an index in memory like that of a generation."""

    name: str
    questions: list[str]
    vectors: NDArray[np.float32]
    grades: list[dict[int, float]]
    least_grade: float
    development: NDArray[np.bool_]
    texts: list[str]  # of the passages
    document: NDArray[np.int64]  # of each passage
    dense: FaissIndex
    words: WordIndex

    def gathered(self, n: int) -> Gathered:
        scores, keys = self.dense.search(self.vectors[n : n + 1], SETTINGS.candidates)
        source = Source(self.dense, self.words, self.vectors[n], (scores[0], keys[0]))
        return gather(
            [source], list(query_terms(self.questions[n])), expand(self.questions[n]).terms, SETTINGS.candidates
        )

    def documents(self, keys: Sequence[int] | NDArray[np.int64]) -> Ranking:
        return list(dict.fromkeys(self.document[np.asarray(keys, np.int64)].tolist()))[:10]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def sets(data: Path, vectors: Path, wanted: Sequence[str]) -> Iterator[Benchmark]:
    for name, folder in (("BioASQ", "bioasq_retrieval"), ("LiveQA", "liveqa_medquad_retrieval")):
        if name in wanted:
            yield _beir(name, data / folder, vectors)
    if "MedQuAD" in wanted:
        rows = lines(data / "medquad" / "medquad.jsonl")
        pages: dict[str, int] = {}
        even = np.array([pages.setdefault(row["doc_id"], len(pages)) for row in rows]) % 2 == 0
        asked, answers = [row["question"] for row in rows], [row["answer"] for row in rows]
        yield _benchmark("MedQuAD", asked, answers, [{n: 1.0} for n in range(len(rows))], 1, even, vectors)
    if "Open-i" in wanted:
        findings, impressions = _reports(data / "iu_xray_reports" / "ecgen-radiology.tar.gz")
        even = np.arange(len(findings)) % 2 == 0
        own = [{n: 1.0} for n in range(len(findings))]
        yield _benchmark("Open-i", impressions, findings, own, 1, even, vectors)


def _beir(name: str, folder: Path, vectors: Path) -> Benchmark:
    documents, questions = lines(folder / "corpus.jsonl"), lines(folder / "queries.jsonl")
    document = {row["_id"]: n for n, row in enumerate(documents)}
    asked = {row["_id"]: n for n, row in enumerate(questions)}
    grades: list[dict[int, float]] = [{} for _ in questions]
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, found, grade = line.split("\t")
        grades[asked[question]][document[found]] = float(grade)
    least = 2.0 if name == "LiveQA" else 1.0
    even = np.arange(len(questions)) % 2 == 0
    texts = [row["text"] for row in documents]
    return _benchmark(name, [row["text"] for row in questions], texts, grades, least, even, vectors)


def _reports(archive: Path) -> tuple[list[str], list[str]]:
    pairs = []
    with tarfile.open(archive) as files:
        for member in sorted(files.getmembers(), key=lambda entry: entry.name):
            if not member.name.endswith(".xml"):
                continue
            root = ElementTree.fromstring(files.extractfile(member).read())  # type: ignore[union-attr]
            told = {part.get("Label"): (part.text or "").strip() for part in root.iter("AbstractText")}
            if told.get("FINDINGS") and told.get("IMPRESSION"):
                pairs.append((told["FINDINGS"], told["IMPRESSION"]))
    return [finding for finding, _ in pairs], [impression for _, impression in pairs]


def _benchmark(
    name: str,
    questions: list[str],
    documents: list[str],
    grades: list[dict[int, float]],
    least_grade: float,
    development: NDArray[np.bool_],
    vectors: Path,
) -> Benchmark:
    texts, owner = [], []
    for number, text in enumerate(documents):
        record = text_record(text, IngestSettings(), uri="", sha256="")
        texts += [record.text[p.start : p.end] for p in record.passages]
        owner += [number] * len(record.passages)
    document = np.array(owner, np.int64)
    dense = FaissIndex.empty(384)
    dense.add(np.arange(len(texts)), _encoded(vectors / f"{name}-passages.npy", texts))
    words = WordIndex.build(np.arange(len(texts)), iter(texts), np.searchsorted(document, document))
    if words is None:
        raise SystemExit(f"{name}: its documents hold no word")
    asked = _encoded(vectors / f"{name}-questions.npy", questions)
    return Benchmark(name, questions, asked, grades, least_grade, development, texts, document, dense, words)


def _encoded(path: Path, texts: list[str]) -> NDArray[np.float32]:
    """The texts' vectors by the default encoder, kept in `path`."""
    if path.exists() and len(kept := np.load(path, allow_pickle=False)) == len(texts):
        return np.asarray(kept, np.float32)
    print(f"encoding {len(texts)} texts for {path}", file=sys.stderr)
    settings = EmbedSettings()
    made = open_encoder("text", settings.text, settings).encode(texts)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, made, allow_pickle=False)
    return made


# --- metrics ------------------------------------------------------------------------------------------


def ndcg(ranking: Ranking, grades: dict[int, float]) -> float:
    """nDCG@10 with the gain 2^grade − 1 (Burges et al. 2005)."""

    def gain(values: Sequence[float]) -> float:
        return float(sum((2**grade - 1) / np.log2(place + 2) for place, grade in enumerate(values)))

    return gain([grades.get(d, 0.0) for d in ranking[:10]]) / gain(sorted(grades.values(), reverse=True)[:10])


def recall(ranking: Ranking, relevant: set[int]) -> float:
    return len(relevant & set(ranking[:10])) / len(relevant)


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """95 % of 2,000 bootstrap means over questions."""
    draws = np.random.default_rng(0).integers(0, len(values), (2000, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def judged(benchmark: Benchmark, half: NDArray[np.bool_]) -> list[int]:
    """The questions of a half that have a document good enough."""
    return [
        n for n in np.flatnonzero(half).tolist()
        if any(grade >= benchmark.least_grade for grade in benchmark.grades[n].values())
    ]  # fmt: skip


def scored(benchmark: Benchmark, rank: Callable[[int], Ranking], questions: Sequence[int]) -> NDArray[np.float64]:
    """(nDCG@10, recall@10, recall@1) of each question."""
    rows = []
    for n in questions:
        ranking, grades = rank(n), benchmark.grades[n]
        relevant = {document for document, grade in grades.items() if grade >= benchmark.least_grade}
        rows.append(
            (ndcg(ranking, grades), recall(ranking, relevant), float(ranking[:1] != [] and ranking[0] in relevant))
        )
    return np.array(rows)


# --- rankings -----------------------------------------------------------------------------------------


def rankings(benchmark: Benchmark) -> dict[str, Callable[[int], Ranking]]:
    """By name, the ways to rank that are compared; each gives the documents for the question of a number."""

    def words(n: int) -> Ranking:
        return benchmark.documents(benchmark.words.search(benchmark.questions[n], 100)[1])

    def meaning(n: int) -> Ranking:
        return benchmark.documents(benchmark.dense.search(benchmark.vectors[n : n + 1], 100)[1][0])

    def reciprocal(n: int) -> Ranking:
        scores: dict[int, float] = {}
        dense = benchmark.dense.search(benchmark.vectors[n : n + 1], 100)[1][0]
        for keys in (dense, benchmark.words.search(benchmark.questions[n], 100)[1]):
            for place, key in enumerate(keys.tolist()):
                scores[key] = scores.get(key, 0.0) + 1 / (60 + place)
        return benchmark.documents(sorted(scores, key=lambda key: -scores[key]))

    def min_max(n: int) -> Ranking:
        found = benchmark.gathered(n)
        cosine, bm25 = found.found.cosine, found.bm25
        scaled = (cosine - cosine.min()) / max(float(np.ptp(cosine)), 1e-9)
        return benchmark.documents(found.keys[np.argsort(-(0.7 * scaled + 0.3 * bm25 / max(float(bm25.max()), 1e-9)))])

    def ours(model: Fusion, weight: float | None = None) -> Callable[[int], Ranking]:
        return lambda n: ranked(benchmark, benchmark.gathered(n), model, weight)

    model = fusion()
    plain = replace(model, lead=0.0, apart=0.0, feedback=0.0)
    return {
        "words alone (BM25)": words,
        "meaning alone (MiniLM)": meaning,
        "reciprocal ranks": reciprocal,
        "min–max, 0.3 on BM25": min_max,
        "ours, weight fixed at 0.06": ours(model, 0.06),
        "ours, weight fixed at 0.35": ours(model, 0.35),
        "ours, no first passage": ours(replace(model, lead=0.0)),
        "ours, no telling apart": ours(replace(model, apart=0.0)),
        "ours, no feedback": ours(replace(model, feedback=0.0)),
        "ours, none of the three": ours(plain),
        "**ours**": ours(model),
    }


def ranked(benchmark: Benchmark, found: Gathered, model: Fusion, weight: float | None = None) -> Ranking:
    scores, _ = fuse(found.found, model, weight)
    return benchmark.documents(found.keys[by_document(found, scores, 1)])


# --- the tables ---------------------------------------------------------------------------------------


def table(benchmark: Benchmark, more: dict[str, Callable[[int], Ranking]]) -> None:
    """Each ranking's figures on both halves; the interval is of the reported half's nDCG@10."""
    development, reported = judged(benchmark, benchmark.development), judged(benchmark, ~benchmark.development)
    print(f"\n## {benchmark.name}: {len(development)} development questions, {len(reported)} reported\n")
    print("| ranking | nDCG@10, development | nDCG@10, reported | 95 % | recall@10 | recall@1 |")
    print("| --- | ---: | ---: | --- | ---: | ---: |")
    for name, rank in {**rankings(benchmark), **more}.items():
        chosen, told = scored(benchmark, rank, development), scored(benchmark, rank, reported)
        low, high = interval(told[:, 0])
        print(
            f"| {name} | {chosen[:, 0].mean():.3f} | {told[:, 0].mean():.3f} | {low:.3f}–{high:.3f} "
            f"| {told[:, 1].mean():.3f} | {told[:, 2].mean():.3f} |",
            flush=True,
        )
    if benchmark.name == "LiveQA":
        every = scored(benchmark, rankings(benchmark)["**ours**"], development + reported)[:, 0]
        print(f"\nOurs over all {len(every)}: {every.mean():.3f} ({interval(every)[0]:.3f}–{interval(every)[1]:.3f})")
    if benchmark.name == "MedQuAD":
        by_question = [n for n in development + reported if n % 2]
        for name in ("meaning alone (MiniLM)", "**ours**"):
            found = scored(benchmark, rankings(benchmark)[name], by_question)[:, 0]
            print(f"\n{name} over the questions of odd number: {found.mean():.3f}")


def reranked(benchmark: Benchmark, name: str, first: int) -> tuple[Callable[[int], Ranking], list[float]]:
    """Ours with its first passages ranked anew by a reranker, and the seconds that each question took."""
    reranker = open_reranker(name, EmbedSettings())
    if reranker is None:
        raise SystemExit("--rerank needs a reranker")
    took: list[float] = []

    def rank(n: int) -> Ranking:
        found = benchmark.gathered(n)
        scores, _ = fuse(found.found, fusion())
        order = by_document(found, scores, 1)
        began = time.perf_counter()
        given = reranker.score(benchmark.questions[n], [benchmark.texts[found.keys[place]] for place in order[:first]])
        took.append(time.perf_counter() - began)
        head = [order[place] for place in np.argsort(-given, kind="stable")]
        return benchmark.documents(found.keys[head + order[first:]])

    return rank, took


def langchain_ensemble(benchmark: Benchmark) -> Callable[[int], Ranking]:
    """EnsembleRetriever over FAISS and BM25Retriever with their defaults, 10 of each, over the same vectors."""
    from langchain_classic.retrievers.ensemble import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever
    from langchain_community.vectorstores import FAISS
    from langchain_core.embeddings import Embeddings

    class Encoded(Embeddings):
        """The vectors that lie here already."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise NotImplementedError("documents are handed over with their vectors")

        def embed_query(self, text: str) -> list[float]:
            vector: list[float] = benchmark.vectors[benchmark.questions.index(text)].tolist()
            return vector

    numbered = [{"document": int(document)} for document in benchmark.document]
    rows = benchmark.dense.vectors(np.arange(len(benchmark.texts))).tolist()
    dense = FAISS.from_embeddings(list(zip(benchmark.texts, rows, strict=True)), Encoded(), metadatas=numbered)
    words = BM25Retriever.from_texts(benchmark.texts, metadatas=numbered, k=10)
    both = EnsembleRetriever(retrievers=[words, dense.as_retriever(search_kwargs={"k": 10})], weights=[0.5, 0.5])
    return lambda n: list(dict.fromkeys(f.metadata["document"] for f in both.invoke(benchmark.questions[n])))[:10]


def named(data: Path, vectors: Path) -> None:
    """How many of the first five MedQuAD answers are about what a question names in another way than they do."""
    benchmark = next(sets(data, vectors, ["MedQuAD"]))
    focus = [row["focus"].lower() for row in lines(data / "medquad" / "medquad.jsonl")]
    cases = lines(Path(__file__).with_name("names.jsonl"))
    asked = [case["question"] for case in cases]
    encoder = open_encoder("text", EmbedSettings().text, EmbedSettings())
    ways = {
        "as asked": (asked, [query_terms(text) for text in asked]),
        "words expanded": (asked, [expand(text).terms for text in asked]),
        "words and meaning expanded": (
            [for_meaning(text, benchmark.words) for text in asked], [expand(text).terms for text in asked]
        ),
    }  # fmt: skip
    print(f"{len(cases)} questions: share of the first five answers that are about the thing meant")
    for name, (texts, terms) in ways.items():
        share = []
        for case, vector, weighted in zip(cases, encoder.encode(texts), terms, strict=True):
            scores, keys = benchmark.dense.search(vector[None], SETTINGS.candidates)
            source = Source(benchmark.dense, benchmark.words, vector, (scores[0], keys[0]))
            found = gather([source], list(query_terms(case["question"])), weighted, SETTINGS.candidates)
            first = ranked(benchmark, found, fusion())[:5]
            share.append(np.mean([re.search(case["focus"], focus[document]) is not None for document in first]))
        print(f"- {name}: {np.mean(share):.2f}")


# --- choosing the numbers -----------------------------------------------------------------------------


def fit(data: Path, vectors: Path, without: str | None) -> None:
    """Choose the slopes of the weight of words by the mean nDCG@10 of the development halves, and write them down.

    `without` a set they are not written: what they give on its reported half is printed.
    """
    model = fusion()
    values, curves, weights = [], [], []
    for benchmark in sets(data, vectors, [name for name in COUNTS if name != without]):
        questions = judged(benchmark, benchmark.development)
        for n in questions:
            found = benchmark.gathered(n)
            values.append(features(found.found))
            curves.append([ndcg(ranked(benchmark, found, model, weight), benchmark.grades[n]) for weight in FIXED])
            weights.append(COUNTS[benchmark.name] / len(questions))
        print(f"{benchmark.name}: {len(questions)} development questions ranked", file=sys.stderr)
    value, curve, count = np.array(values), np.array(curves), np.array(weights)
    mean, deviation = value.mean(axis=0), value.std(axis=0)
    places = np.log(np.array(FIXED) + 0.02)

    def made(given: Sequence[float]) -> Fusion:
        slopes = [Feature(float(m), float(d), float(s)) for m, d, s in zip(mean, deviation, given[1:], strict=True)]
        return replace(model, bias=float(given[0]), coverage=slopes[0], closeness=slopes[1])

    def loss(given: NDArray[np.float64]) -> float:
        """Minus the mean nDCG@10, read off each question's curve over fixed weights; steep slopes cost a little."""
        chosen = made(list(given))
        place = np.log(np.array([chosen.words_weight(*row) for row in value]) + 0.02)
        gained = [np.interp(p, places, row) for p, row in zip(place, curve, strict=True)]
        return float(-(count * gained).sum() + 1e-3 * (given[1:] ** 2).sum())

    starts = [np.array([-2.0, slope, 0.0]) for slope in (-1.0, 0.0, 1.0)]
    best = min(
        (minimize(loss, start, method="Powell", options={"xtol": 1e-2}) for start in starts), key=lambda r: r.fun
    )
    if without:
        other = next(sets(data, vectors, [without]))
        unseen = made(best.x.tolist())
        found = scored(other, lambda n: ranked(other, other.gathered(n), unseen), judged(other, ~other.development))
        print(f"fitted without {without}: nDCG@10 {found[:, 0].mean():.3f} on its reported half")
        return
    target = Path(fusing.__file__).with_name("fusion.toml")
    target.write_text(_written(made(best.x.tolist())), encoding="utf-8")
    print(f"written to {target}")


def _written(model: Fusion) -> str:
    def feature(name: str, what: Feature) -> str:
        return f"[{name}]\nmean = {what.mean:.3f}\ndeviation = {what.deviation:.3f}\nslope = {what.slope:.3f}\n"

    return f"""# The numbers of fusion (assistant/retrieve/fuse.py), one setting for every index and question.
# Bias, means, deviations and slopes are written by `benchmarks/retrieval_text.py --fit`: they maximise the mean nDCG@10
# of the development halves of BioASQ, MedQuAD, Open-i and LiveQA. The numbers above the first heading but `bias` were
# chosen by hand on the same halves, among three or four values each; docs/retrieval.md has what each of them brings.
bias = {model.bias:.3f}
least = {model.least}
most = {model.most}
lead = {model.lead}
apart = {model.apart}
apart_first = {model.apart_first}
feedback = {model.feedback}
feedback_first = {model.feedback_first}

# what share of the question's weight in words the best passage holds
{feature("coverage", model.coverage)}
# the best cosine
{feature("closeness", model.closeness)}"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Text retrieval on public sets")
    parser.add_argument("sets", nargs="*", default=list(COUNTS), help="BioASQ, MedQuAD, LiveQA, Open-i")
    parser.add_argument("--vectors", type=Path, default=Path(tempfile.gettempdir()) / "wardround-vectors")
    parser.add_argument("--fit", action="store_true", help="choose the numbers of fusion.toml anew")
    parser.add_argument("--without", metavar="SET", help="with --fit: leave out a set and try the numbers on it")
    parser.add_argument("--names", action="store_true", help="what query expansion brings")
    parser.add_argument("--rerank", metavar="NAME", help="also with a reranker, such as late-interaction:minilm-int8")
    parser.add_argument("--first", type=int, default=20, help="how many passages are reranked")
    parser.add_argument("--langchain", action="store_true", help="also LangChain's ensemble")
    asked = parser.parse_args()
    data = Path(os.environ["WARDROUND_DATA"])
    if asked.names:
        named(data, asked.vectors)
        return 0
    if asked.fit:
        fit(data, asked.vectors, asked.without)
        return 0
    for benchmark in sets(data, asked.vectors, asked.sets):
        more: dict[str, Callable[[int], Ranking]] = {}
        took: list[float] = []
        if asked.rerank:
            more[f"ours, then {asked.rerank}"], took = reranked(benchmark, asked.rerank, asked.first)
        if asked.langchain:
            more["LangChain's ensemble of FAISS and BM25"] = langchain_ensemble(benchmark)
        table(benchmark, more)
        if took:
            print(
                f"\nReranking {asked.first} passages took {1000 * float(np.median(took)):.0f} ms a question (median)."
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
