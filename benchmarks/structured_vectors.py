"""Any number of vectors with the structure of real ones, for measuring vector indexes at sizes that nobody has encoded.

Random vectors are no test: in 384 independent dimensions everything is equally far away, and an index looks worse than
it is; a few tight balls make it look better. These vectors keep what decides how hard a search is: where real vectors
lie, how their neighbourhoods are shaped (a covariance for each cluster, with its decaying spectrum), and how far the
nearest neighbour is away. `report` prints the likeness: cosine to the nearest and 10th neighbour, and the local
intrinsic dimension (Levina and Bickel 2004), of real and of made vectors at the same number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Structure:
    """Clusters of real unit vectors: centres (c, d), shares (c,), and for each cluster the principal axes of its
    members (c, r, d), scaled by their standard deviation."""

    centres: Matrix
    shares: NDArray[np.float64]
    axes: Matrix


def fit(real: Matrix, *, per_cluster: int = 60, rank: int = 40, seed: int = 0) -> Structure:
    """Clusters of about `per_cluster` real vectors (k-means), each with its `rank` leading axes."""
    import faiss

    count = max(len(real) // per_cluster, 2)
    kmeans = faiss.Kmeans(real.shape[1], count, niter=20, seed=seed, spherical=True, verbose=False)
    kmeans.train(real)
    owner = kmeans.index.search(real, 1)[1][:, 0]
    pooled = real - kmeans.centroids[owner]
    centres, shares, axes = [], [], []
    for cluster in range(count):
        members = real[owner == cluster]
        if len(members) < 2:
            continue
        # a small cluster's own covariance is poor: half of its axes are drawn from all clusters' residuals
        residuals = np.concatenate([members - members.mean(0), pooled[:: max(len(pooled) // len(members), 1)]])
        _, spread, directions = np.linalg.svd(residuals, full_matrices=False)
        scaled = directions[:rank] * (spread[:rank, None] / np.sqrt(len(residuals)))
        axes.append(np.pad(scaled, ((0, rank - len(scaled)), (0, 0))))
        centres.append(members.mean(0))
        shares.append(len(members))
    weight = np.asarray(shares, np.float64)
    return Structure(np.stack(centres).astype(np.float32), weight / weight.sum(), np.stack(axes).astype(np.float32))


def draw(structure: Structure, n: int, *, seed: int = 1, spread: float = 1.0, block: int = 20_000) -> Matrix:
    """`n` unit vectors (n, d). `spread` widens (> 1) or narrows the clusters."""
    random = np.random.default_rng(seed)
    drawn = np.empty((n, structure.centres.shape[1]), np.float32)
    owner = random.choice(len(structure.shares), n, p=structure.shares)
    owner.sort()
    for start in range(0, n, block):
        here = owner[start : start + block]
        out = drawn[start : start + block]
        for cluster in np.unique(here):
            rows = np.flatnonzero(here == cluster)
            along = random.normal(size=(len(rows), structure.axes.shape[1])).astype(np.float32) * spread
            out[rows] = structure.centres[cluster] + along @ structure.axes[cluster]
        out /= np.linalg.norm(out, axis=1, keepdims=True)
    return drawn[random.permutation(n)]


def near(real: Matrix, n: int, *, cosine: float = 0.9, seed: int = 2) -> Matrix:
    """`n` unit vectors, each at about `cosine` from a real one, in a direction in which real ones differ."""
    random = np.random.default_rng(seed)
    a, b, c = (random.integers(0, len(real), n) for _ in range(3))
    away = real[b] - real[c]
    away -= (away * real[a]).sum(1, keepdims=True) * real[a]
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    moved = cosine * real[a] + np.sqrt(1 - cosine**2) * away
    return np.ascontiguousarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


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
