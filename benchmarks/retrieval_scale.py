"""Search at 10,000 to 1,000,000 vectors: build time, memory, latency and recall, beside what one would take instead.

    WARDROUND_DATA=… python benchmarks/retrieval_scale.py build --cache DIR      100,000 passages, indexed
    … structures --cache DIR --number 100000 [--only hnsw exact]                 every structure over structured vectors
    … warm --cache DIR       one warm question, beside the encoder, faiss and bm25s called by hand, by turns
    … peers --cache DIR      LangChain's ensemble of FAISS and BM25Retriever, and chromadb; needs
                             pip install langchain-community langchain-classic rank-bm25 chromadb faiss-cpu
    … memory --cache DIR     what a searching process holds, and what of it is the corpus
    … tables --cache DIR     what was measured, as Markdown, and its plots into docs/images (needs matplotlib)

The first `--encode` passages are encoded for real (hours for all of them), the other vectors have their structure
(`structured_vectors`); `DIR/encoded.npy` keeps the encoded ones. Questions are BioASQ's, those at odd places: the even
ones served to choose the ranking's settings.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from large_index import build, corpus, vectors_of
from structured_vectors import grown

from assistant.embed import open_encoder
from assistant.settings import Settings, StoreSettings

NUMBER, K, CANDIDATES = 100_000, 10, 100
PARTS = ("build", "structures", "warm", "peers", "memory", "tables")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--number", type=int, default=NUMBER)
    parser.add_argument("--only", nargs="*", default=["exact", "hnsw", "ivf", "sq8", "pq"])
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--encode", type=int, default=20_000)
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    globals()[f"run_{arguments.part}"](arguments)


# --- what is measured on ------------------------------------------------------------------------------


def data() -> Path:
    where = os.environ.get("WARDROUND_DATA")
    if not where:
        sys.exit("set WARDROUND_DATA to the folder of the public data sets")
    return Path(where)


def questions(number: int) -> list[tuple[str, str]]:
    """Ids and texts of BioASQ's questions at odd places."""
    lines = (data() / "bioasq_retrieval/queries.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line]
    return [(row["_id"], row["text"]) for row in rows[1::2]][:number]


def relevant() -> dict[str, set[str]]:
    """The documents that answer each question, as numbers of their lines in the corpus."""
    lines = (data() / "bioasq_retrieval/corpus.jsonl").read_text(encoding="utf-8").splitlines()
    at = {json.loads(line)["_id"]: str(n) for n, line in enumerate(lines)}
    found: dict[str, set[str]] = {}
    for row in (data() / "bioasq_retrieval/qrels.tsv").read_text().splitlines()[1:]:
        question, document, score = row.split("\t")
        if int(score) > 0:
            found.setdefault(question, set()).add(at[document])
    return found


def ndcg(ranked: Sequence[str], wanted: set[str]) -> float:
    gains = [float(document in wanted) for document in list(dict.fromkeys(ranked))[:K]]
    best = sum(1 / np.log2(n + 2) for n in range(min(len(wanted), K)))
    return float(sum(gain / np.log2(n + 2) for n, gain in enumerate(gains)) / best)


def encoded(arguments: argparse.Namespace, passages: Sequence[str]) -> np.ndarray:
    path = arguments.cache / "encoded.npy"
    if not path.exists():
        encoder = open_encoder("text", "minilm-int8", Settings().embed)
        np.save(path, encoder.encode(list(passages[: arguments.encode])))
    return np.load(path)


def keep(arguments: argparse.Namespace, part: str, value: Any) -> None:
    """Add a result to those of the cache."""
    path = arguments.cache / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results.setdefault(part, {}).update(value)
    path.write_text(json.dumps(results, indent=1))
    print(json.dumps({part: value}, indent=1))


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{q}_ms": round(float(np.percentile(seconds, q)) * 1000, 3) for q in (50, 95, 99)}


def timed(call: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> tuple[float, Any]:
    started = clock()
    found = call()
    return clock() - started, found


# --- the parts ----------------------------------------------------------------------------------------


def run_build(arguments: argparse.Namespace) -> None:
    texts = corpus(data(), arguments.number)
    real = encoded(arguments, texts.passages)
    workspace = arguments.cache / "workspace"
    (workspace / "indexes").mkdir(parents=True, exist_ok=True)
    vectors = vectors_of(len(texts.passages), real)
    seconds, _ = timed(lambda: build(workspace, "large", texts, vectors, Settings()))
    generation = next((workspace / "indexes/large/generations").iterdir())
    sizes = {p.name: sum(f.stat().st_size for f in p.rglob("*") if f.is_file()) for p in generation.iterdir()}
    sizes |= {p.name: p.stat().st_size for p in generation.iterdir() if p.is_file()}
    facts = {
        "passages": len(texts.passages), "of real texts": texts.real, "encoded": min(len(real), len(texts.passages)),
        "seconds": round(seconds, 1), "text_bytes": sum(len(r.text.encode()) for r in texts.records),
        "bytes_per_passage": {k: round(v / len(texts.passages), 1) for k, v in sizes.items()},
    }  # fmt: skip
    keep(arguments, "build", facts)


def run_structures(arguments: argparse.Namespace) -> None:
    from assistant.store.vectors import load_vectors, write_vectors

    real = np.load(arguments.cache / "encoded.npy")
    asked = open_encoder("text", "minilm-int8", Settings().embed).encode([q for _, q in questions(arguments.queries)])
    folder = arguments.cache / f"vectors-{arguments.number}"
    if not folder.exists():
        made = grown(real, arguments.number)
        rows = ((n + 1, vector.tobytes()) for n, vector in enumerate(made))
        write_vectors(folder, None, np.arange(1, len(made) + 1), rows, StoreSettings(vectors="exact"))
    exact = load_vectors(folder)
    worst = exact.search(asked, K)[0][:, -1:]
    found = {}
    for name in arguments.only:
        own = folder if name == "exact" else arguments.cache / f"vectors-{arguments.number}-{name}"
        built = arguments.cache / f"{own.name}.seconds"
        if not own.exists():
            started, cpu = time.perf_counter(), time.process_time()
            write_vectors(own, folder, exact.ids, [], StoreSettings(vectors=name))
            built.write_text(json.dumps([time.perf_counter() - started, time.process_time() - cpu]))
        index = load_vectors(own)
        scores, _ = index.search(asked, K)

        def search(at: int, index: Any = index) -> Any:
            return index.search(asked[at : at + 1], K)

        one = [timed(lambda n=n: search(n))[0] for n in range(len(asked))]
        # without what other work on the machine adds; one query is searched by one thread
        own_time = [timed(lambda n=n: search(n), time.thread_time)[0] for n in range(len(asked))]
        batch = min(timed(lambda index=index: index.search(asked, K))[0] for _ in range(3)) / len(asked)
        inside = index.structure.bytes_per_vector() if index.structure else 0.0
        found[name] = {
            **percentiles(one), "processor_ms": percentiles(own_time)["p50_ms"],
            "batch_ms": round(batch * 1000, 3), "effort": index.choice.effort,
            "recall_questions": round(float((scores >= worst - 1e-5).mean()), 4),
            "recall_when_chosen": index.choice.recall, "bytes_per_vector": round(inside, 1),
            "build_s": [round(s, 1) for s in json.loads(built.read_text())] if built.exists() else None,
        }  # fmt: skip
    keep(arguments, f"structures {arguments.number}", found)


def opened(arguments: argparse.Namespace) -> tuple[Any, Any, Settings]:
    from assistant.retrieve.search import Retriever
    from assistant.store.index import OpenIndex

    settings = Settings()
    index = OpenIndex(arguments.cache / "workspace", "large")
    return index, Retriever([index], settings), settings


def run_warm(arguments: argparse.Namespace) -> None:
    """By turns for each question: the whole search; its encoder call, the faiss search and the bm25s search by hand."""
    import bm25s
    import faiss
    import Stemmer

    from assistant.retrieve.query import Query

    index, retriever, settings = opened(arguments)
    encoder = open_encoder("text", "minilm-int8", settings.embed)
    dense = index.vectors("text")
    words = bm25s.BM25.load(str(index.path / "words"), mmap=True)
    structure, stemmer = dense.structure, Stemmer.Stemmer("english")
    faiss.omp_set_num_threads(1)

    def by_hand_faiss(vector: np.ndarray) -> Any:
        if structure is None:
            return dense.flat.search(vector, CANDIDATES)
        return structure.search(vector, CANDIDATES, dense.choice.effort, None, 1.0)

    def by_hand_words(text: str) -> Any:
        tokens = bm25s.tokenize(text, stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False)
        return words.retrieve(tokens, k=CANDIDATES, show_progress=False)

    # On a machine shared with other work a wall clock also counts what the others do: the thread's own clock does not.
    facts: dict[str, Any] = {}
    for label, clock in (("wall", time.perf_counter), ("processor", time.thread_time)):
        times: dict[str, list[float]] = {name: [] for name in ("ours", "encoder", "faiss", "bm25s", "flat")}
        for n, (_, text) in enumerate(questions(arguments.queries + 10)):
            ours, _ = timed(lambda text=text: retriever.search([Query(text=text)]), clock)
            one, vector = timed(lambda text=text: encoder.encode([text]), clock)
            two, _ = timed(lambda vector=vector: by_hand_faiss(vector), clock)
            three, _ = timed(lambda text=text: by_hand_words(text), clock)
            four, _ = timed(lambda vector=vector: dense.flat.search(vector, CANDIDATES), clock)
            if n >= 10:  # warm
                for name, seconds in zip(times, (ours, one, two, three, four), strict=True):
                    times[name].append(seconds)
        all_of = {name: np.array(found) for name, found in times.items()}
        by_hand = all_of["encoder"] + all_of["faiss"] + all_of["bm25s"]
        with_scan = all_of["encoder"] + all_of["flat"] + all_of["bm25s"]
        facts[label] = {name: percentiles(list(found)) for name, found in all_of.items()} | {
            "by hand": percentiles(list(by_hand)),
            "ratio of medians": round(float(np.median(all_of["ours"]) / np.median(by_hand)), 3),
            "median of ratios": round(float(np.median(all_of["ours"] / by_hand)), 3),
            "ratio, by hand with IndexFlatIP": round(float(np.median(all_of["ours"]) / np.median(with_scan)), 3),
        }
    keep(arguments, "warm", facts)


class Given:
    """LangChain embeddings of questions that were encoded beforehand, so that no encoder's time is measured."""

    def __init__(self, vectors: dict[str, list[float]]) -> None:
        self._vectors = vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise NotImplementedError

    def embed_query(self, text: str) -> list[float]:
        return self._vectors[text]

    def __call__(self, text: str) -> list[float]:
        return self._vectors[text]


def run_peers(arguments: argparse.Namespace) -> None:
    try:
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_community.vectorstores import FAISS
    except ImportError as error:
        sys.exit(f"{error}: pip install langchain-community langchain-classic rank-bm25 chromadb faiss-cpu")
    from assistant.retrieve.query import Query

    index, retriever, settings = opened(arguments)
    encoder = open_encoder("text", "minilm-int8", settings.embed)
    asked = questions(arguments.queries)
    vectors = encoder.encode([text for _, text in asked])
    given = Given({text: vector.tolist() for (_, text), vector in zip(asked, vectors, strict=True)})
    keys = index.vectors("text").ids
    found = index.found(keys.tolist())
    texts = [found[key][0].text for key in keys.tolist()]
    owners = [{"document": found[key][1].record.external_id} for key in keys.tolist()]
    matrix = index.vectors("text").vectors(keys)
    wanted = relevant()
    ours_s, ours_quality = [], []
    for _, text in asked[:5]:
        retriever.search([Query(text=text)])
    for name, text in asked:
        seconds, (result,) = timed(lambda text=text: retriever.search([Query(text=text)]))
        ours_s.append(seconds - result.timing_ms["encode"] / 1000)
        ours_quality.append(ndcg([str(e.external_id) for e in result.evidence], wanted[name]))
    facts = {"Wardround": {**percentiles(ours_s), "ndcg@10": round(float(np.mean(ours_quality)), 3)}}
    pairs = list(zip(texts, matrix.tolist(), strict=True))
    built, store = timed(lambda: FAISS.from_embeddings(pairs, given, metadatas=owners))
    words_built, words = timed(lambda: BM25Retriever.from_texts(texts, metadatas=owners, k=CANDIDATES))
    dense = store.as_retriever(search_kwargs={"k": CANDIDATES})
    both = EnsembleRetriever(retrievers=[words, dense], weights=[0.5, 0.5])
    for label, asks in (("LangChain ensemble", both), ("LangChain FAISS", dense), ("LangChain BM25Retriever", words)):
        seconds, quality = [], []
        for name, text in asked[: arguments.queries if label != "LangChain ensemble" else min(40, arguments.queries)]:
            took, documents = timed(lambda text=text, asks=asks: asks.invoke(text))
            seconds.append(took)
            quality.append(ndcg([d.metadata["document"] for d in documents], wanted[name]))
        facts[label] = {**percentiles(seconds), "ndcg@10": round(float(np.mean(quality)), 3), "queries": len(seconds)}
    facts["LangChain ensemble"]["build_s"] = round(built + words_built, 1)
    facts["times faster than the ensemble"] = round(
        facts["LangChain ensemble"]["p50_ms"] / facts["Wardround"]["p50_ms"], 1
    )
    keep(arguments, "peers", facts)
    try:
        import chromadb
    except ImportError:
        return
    client = chromadb.EphemeralClient(chromadb.Settings(anonymized_telemetry=False))
    collection = client.create_collection("large", metadata={"hnsw:space": "ip"}, embedding_function=None)

    def fill() -> None:
        for start in range(0, len(texts), 5000):
            part = slice(start, start + 5000)
            collection.add(
                [str(key) for key in keys[part]], embeddings=matrix[part], documents=texts[part], metadatas=owners[part]
            )

    built, _ = timed(fill)
    seconds, quality = [], []
    for (name, _), vector in zip(asked, vectors, strict=True):
        took, result = timed(lambda vector=vector: collection.query(query_embeddings=[vector], n_results=CANDIDATES))
        seconds.append(took)
        quality.append(ndcg([m["document"] for m in result["metadatas"][0]], wanted[name]))
    chroma = {**percentiles(seconds), "ndcg@10": round(float(np.mean(quality)), 3), "build_s": round(built, 1)}
    keep(arguments, "peers", {"chromadb (vectors only)": chroma})


_SEARCHER = """
import json, sys
from pathlib import Path
def held():
    lines = dict(l.split(":", 1) for l in open("/proc/self/status"))
    return {name: int(lines[name].split()[0]) // 1024 for name in ("VmRSS", "RssAnon", "RssFile")}
from assistant.embed import open_encoder
from assistant.retrieve.query import Query
from assistant.retrieve.search import Retriever
from assistant.settings import Settings
from assistant.store.index import OpenIndex
open_encoder("text", "minilm-int8", Settings().embed).encode(["warm"])
before = held()
index = OpenIndex(Path(sys.argv[1]), "large")
retriever = Retriever([index], Settings())
for text in json.load(sys.stdin):
    retriever.search([Query(text=text)])
print(json.dumps({"with the encoder alone": before, "after the searches": held()}))
"""


def run_memory(arguments: argparse.Namespace) -> None:
    """In a process of its own: what it holds in MB, anonymous memory apart from what is mapped from files."""
    texts = json.dumps([text for _, text in questions(arguments.queries)])
    command = [sys.executable, "-c", _SEARCHER, str(arguments.cache / "workspace")]
    done = subprocess.run(command, input=texts, capture_output=True, text=True, check=True)
    keep(arguments, "memory", json.loads(done.stdout.splitlines()[-1]))


def run_tables(arguments: argparse.Namespace) -> None:
    results = json.loads((arguments.cache / "results.json").read_text())
    sizes = sorted(int(part.split()[1]) for part in results if part.startswith("structures"))
    columns = {
        "structure": "", "effort": "effort", "processor ms": "processor_ms", "p50 ms": "p50_ms", "p95 ms": "p95_ms",
        "p99 ms": "p99_ms", "batch ms": "batch_ms", "recall@10": "recall_questions", "bytes": "bytes_per_vector",
        "build s": "build_s",
    }  # fmt: skip
    print(f"| vectors | {' | '.join(columns)} |")
    print(f"| ---: | --- |{' ---: |' * (len(columns) - 1)}")
    for size in sizes:
        for name, row in results[f"structures {size}"].items():
            row["build_s"] = row["build_s"][1] if row["build_s"] else ""
            print(f"| {size:,} | {name} | {' | '.join(str(row[key]) for key in list(columns.values())[1:])} |")
    for part in ("build", "warm", "peers", "memory"):
        print(part, json.dumps(results.get(part), indent=1))
    _plot(results, sizes)


def _plot(results: dict[str, Any], sizes: Sequence[int]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for name in ("exact", "hnsw", "ivf", "sq8", "pq"):
        there = [s for s in sizes if name in results[f"structures {s}"]]
        rows = [results[f"structures {s}"][name] for s in there]
        left.plot(there, [row["processor_ms"] for row in rows], marker="o", label=name)
        right.plot([row["processor_ms"] for row in rows], [row["recall_questions"] for row in rows], "o-", label=name)
    left.set(xscale="log", yscale="log", xlabel="vectors", ylabel="median processor ms of one query")
    right.set(xscale="log", xlabel="median processor ms of one query", ylabel="recall@10 against the scan")
    right.axhline(0.98, color="grey", linewidth=0.8, linestyle=":")
    left.legend(frameon=False)
    figure.tight_layout()
    figure.savefig("docs/images/vector-structures.png", dpi=110)
    peers = {name: row for name, row in results.get("peers", {}).items() if isinstance(row, dict)}
    figure, axis = plt.subplots(figsize=(9, 3))
    axis.barh(list(peers), [row["p50_ms"] for row in peers.values()])
    axis.set(xscale="log", xlim=(1, 60_000), xlabel="median ms of one search, the encoder's time taken out")
    axis.invert_yaxis()
    for at, row in enumerate(peers.values()):
        axis.text(row["p50_ms"], at, f" {row['p50_ms']:.1f} ms, nDCG@10 {row['ndcg@10']:.3f}", va="center", fontsize=8)
    figure.tight_layout()
    figure.savefig("docs/images/search-peers.png", dpi=110)


if __name__ == "__main__":
    main()
