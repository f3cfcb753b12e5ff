"""Any number of vectors with the structure of real ones, for measuring vector indexes at sizes that nobody has encoded.

Random vectors are no test: in 384 independent dimensions everything is equally far away. Gaussian clusters fitted to
real vectors are none either at a million, where each becomes a dense ball. So each vector made here starts from a real
one and moves away from it, by as much as passages of one subject lie apart, in a direction in which two of its real
neighbours differ: neighbourhoods keep the real ones' centres, directions and decaying spectrum.

`python benchmarks/structured_vectors.py VECTORS.npy QUESTIONS.npy` makes vectors from an eighth of the real ones and
compares them with the rest at its number: cosine to the nearest and 10th neighbour, local intrinsic
dimension (Levina and Bickel 2004), and, what counts, the recall of an HNSW graph at each effort for real questions.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
NEIGHBOURS = 30
LEAST_COSINE = 0.4  # to the real vector it starts from; of 0.4 to 0.7 the one whose likeness was closest (see `main`)


def grown(real: Matrix, n: int, *, seed: int = 1, least: float = LEAST_COSINE, block: int = 20_000) -> Matrix:
    """`n` unit vectors (n, d) that lie among the real ones, (m, d)."""
    import faiss

    random = np.random.default_rng(seed)
    real = np.ascontiguousarray(real, np.float32)
    _, near = faiss.knn(real, real, NEIGHBOURS + 1, metric=faiss.METRIC_INNER_PRODUCT)
    made = np.empty((n, real.shape[1]), np.float32)
    for start in range(0, n, block):
        out = made[start : start + block]
        at = random.integers(0, len(real), len(out))
        one, other = (real[near[at, random.integers(1, NEIGHBOURS + 1, len(out))]] for _ in range(2))
        cosine = random.uniform(least, 1, (len(out), 1)).astype(np.float32)
        away = one - other
        away -= (away * real[at]).sum(axis=1, keepdims=True) * real[at]
        away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
        out[:] = cosine * real[at] + np.sqrt(1 - cosine**2) * away
        out /= np.linalg.norm(out, axis=1, keepdims=True)
    return made


def likeness(vectors: Matrix, probes: int = 500) -> dict[str, float]:
    """Median cosine to the nearest and the 10th neighbour, and the local intrinsic dimension from 20 neighbours."""
    import faiss

    at = np.random.default_rng(0).choice(len(vectors), min(probes, len(vectors)), replace=False)
    scores, _ = faiss.knn(vectors[at], vectors, 21, metric=faiss.METRIC_INNER_PRODUCT)
    distances = np.sqrt(np.maximum(2 - 2 * scores[:, 1:], 1e-9))
    dimension = 1 / np.maximum(np.log(distances[:, -1:] / distances[:, :-1]).mean(1), 1e-9)
    return {
        "nearest": float(np.median(scores[:, 1])),
        "tenth": float(np.median(scores[:, 10])),
        "dimension": float(np.median(dimension)),
    }


def difficulty(vectors: Matrix, questions: Matrix) -> dict[int, float]:
    """Recall@10 of an HNSW graph for some questions, by efSearch."""
    import faiss

    graph = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = 100
    graph.add(vectors)
    worst = faiss.knn(questions, vectors, 10, metric=faiss.METRIC_INNER_PRODUCT)[0][:, -1:]
    found = {}
    for effort in (16, 32, 64, 128):
        scores, _ = graph.search(questions, 10, params=faiss.SearchParametersHNSW(efSearch=effort))
        found[effort] = float((scores >= worst - 1e-5).mean())
    return found


def main() -> None:
    vectors, questions = (np.load(path) for path in sys.argv[1:3])
    order = np.random.default_rng(0).permutation(len(vectors))
    part, rest = vectors[order[: len(order) // 8]], vectors[order[len(order) // 8 :]]
    made = {f"made, from {least} on": grown(part, len(rest), least=least) for least in (0.4, 0.5, 0.6, 0.7)}
    for name, found in {"real": rest, **made}.items():
        facts = {**likeness(found), **difficulty(found, questions[::5])}
        print(f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in facts.items()))


if __name__ == "__main__":
    main()
